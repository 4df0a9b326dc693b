#include "decode/pixel_kernels_list.h"

namespace fastpass {
namespace {

std::vector<const PixelKernels*> find_tables() {
  std::vector<const PixelKernels*> tables;
  tables.reserve(3);
  tables.push_back(&kScalarPixelKernels);
  if (__builtin_cpu_supports("avx2")) tables.push_back(&kAvx2PixelKernels);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) {
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
