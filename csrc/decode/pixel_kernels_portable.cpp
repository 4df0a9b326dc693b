#include "decode/pixel_kernels_list.h"

namespace fastpass {

const std::vector<const PixelKernels*>& available_pixel_kernels() {
  static const std::vector<const PixelKernels*> tables = {&kScalarPixelKernels};
  return tables;
}

}  // namespace fastpass
