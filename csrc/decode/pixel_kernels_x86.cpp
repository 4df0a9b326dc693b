#include "decode/pixel_kernels_check.h"
#include "decode/pixel_kernels_list.h"

namespace fastpass {
namespace {

std::vector<const PixelKernels*> find_tables() {
  std::vector<const PixelKernels*> tables;
  tables.reserve(3);
  tables.push_back(&kScalarPixelKernels);
  if (__builtin_cpu_supports("avx2")) tables.push_back(&kAvx2PixelKernels);
  // No such processor has run our AVX-512 code yet: it is tried before it is trusted.
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
  if (has_avx512 && agree(kAvx512PixelKernels, kScalarPixelKernels)) {
    tables.push_back(&kAvx512PixelKernels);
  }
  return tables;
}

}  // namespace

const std::vector<const PixelKernels*>& available_pixel_kernels() {
  static const std::vector<const PixelKernels*> tables = find_tables();
  return tables;
}

}  // namespace fastpass
