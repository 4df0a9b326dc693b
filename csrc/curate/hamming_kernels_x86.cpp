#include "curate/hamming_kernels_list.h"

namespace fastpass {

const std::vector<HammingKernels>& available_hamming_kernels() {
  static const std::vector<HammingKernels> all = [] {
    std::vector<HammingKernels> found = {{"portable", find_close_portable}};
    if (__builtin_cpu_supports("avx2")) found.push_back({"avx2", find_close_avx2});
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq")) {
      found.push_back({"avx512", find_close_avx512});
    }
    return found;
  }();
  return all;
}

}  // namespace fastpass
