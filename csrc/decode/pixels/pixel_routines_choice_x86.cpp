#include "decode/pixels/pixel_routines_check.h"
#include "decode/pixels/pixel_routines_list.h"

namespace fastpass {
namespace {

std::vector<const PixelRoutines*> find_tables() {
  std::vector<const PixelRoutines*> tables;
  tables.reserve(3);
  tables.push_back(&kPlainPixelRoutines);
  if (__builtin_cpu_supports("avx2")) tables.push_back(&kAvx2PixelRoutines);
  // No such processor has run our AVX-512 code yet: it is tried before it is trusted.
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
  if (has_avx512 && agree(kAvx512PixelRoutines, kPlainPixelRoutines)) {
    tables.push_back(&kAvx512PixelRoutines);
  }
  return tables;
}

}  // namespace

const std::vector<const PixelRoutines*>& available_pixel_routines() {
  static const std::vector<const PixelRoutines*> tables = find_tables();
  return tables;
}

}  // namespace fastpass
