#include "decode/pixel_kernels_list.h"
#include "decode/simd_avx2.h"
#include "decode/simd_kernels.h"

namespace fastpass {

const PixelKernels kAvx2PixelKernels = simd_kernels<Avx2>("avx2");

}  // namespace fastpass
