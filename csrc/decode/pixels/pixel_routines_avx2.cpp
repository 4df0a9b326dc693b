#include "decode/pixels/pixel_routines_list.h"
#include "decode/pixels/simd_avx2.h"
#include "decode/pixels/simd_routines.h"

namespace fastpass {

const PixelRoutines kAvx2PixelRoutines = simd_routines<Avx2>("avx2");

}  // namespace fastpass
