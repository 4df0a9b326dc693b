// Processors without vectors of ours.
#include "curate/search/hamming_routines_list.h"

namespace fastpass {

const std::vector<HammingRoutines>& available_hamming_routines() {
  static const std::vector<HammingRoutines> all = {{"plain", find_close_plain}};
  return all;
}

}  // namespace fastpass
