#include "augment/view_kernels_list.h"

namespace fastpass {

const std::vector<const ViewKernels*>& available_view_kernels() {
  static const std::vector<const ViewKernels*> tables = [] {
    std::vector<const ViewKernels*> found = {&kPortableViewKernels};
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                          __builtin_cpu_supports("f16c");
    if (has_avx2) found.push_back(&kAvx2ViewKernels);
    return found;
  }();
  return tables;
}

}  // namespace fastpass
