// Processors without vectors of ours.
#include "curate/hamming_kernels_list.h"

namespace fastpass {

const std::vector<HammingKernels>& available_hamming_kernels() {
  static const std::vector<HammingKernels> all = {{"portable", find_close_portable}};
  return all;
}

}  // namespace fastpass
