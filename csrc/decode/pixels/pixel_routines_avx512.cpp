#include "decode/pixels/pixel_routines_list.h"
#include "decode/pixels/simd_avx512.h"
#include "decode/pixels/simd_routines.h"

namespace fastpass {

const PixelRoutines kAvx512PixelRoutines = simd_routines<Avx512>("avx512");

}  // namespace fastpass
