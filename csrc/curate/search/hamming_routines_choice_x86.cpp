#include "curate/search/hamming_routines_list.h"

namespace fastpass {

const std::vector<HammingRoutines>& available_hamming_routines() {
  static const std::vector<HammingRoutines> all = [] {
    std::vector<HammingRoutines> found = {{"plain", find_close_plain}};
    if (__builtin_cpu_supports("avx2")) found.push_back({"avx2", find_close_avx2});
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq")) {
      found.push_back({"avx512", find_close_avx512});
    }
    return found;
  }();
  return all;
}

}  // namespace fastpass
