#include "decode/pixel_kernels_list.h"
#include "decode/simd_avx512.h"
#include "decode/simd_kernels.h"

namespace fastpass {

const PixelKernels kAvx512PixelKernels = simd_kernels<Avx512>("avx512");

}  // namespace fastpass
