// The table for AVX2, and whether this processor can run it.
#include "augment/cpu/view_avx2.h"
#include "augment/cpu/view_routines.h"

namespace fastpass {

const ViewRoutines kAvx2ViewRoutines = {"avx2",         avx2::weigh_columns, avx2::columns_to_rows,
                                        avx2::widen,    avx2::weigh_rows,    avx2::recolor,
                                        avx2::box_blur, avx2::store};

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
