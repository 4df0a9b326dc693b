#include "augment/cpu/view_routines_list.h"

namespace fastpass {

const std::vector<const ViewRoutines*>& available_view_routines() {
  static const std::vector<const ViewRoutines*> tables = [] {
    std::vector<const ViewRoutines*> found = {&kPlainViewRoutines};
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                          __builtin_cpu_supports("f16c");
    if (has_avx2) found.push_back(&kAvx2ViewRoutines);
    return found;
  }();
  return tables;
}

}  // namespace fastpass
