// The table of routines on vectors of type V.
#pragma once

#include "decode/pixels/pixel_routines.h"
#include "decode/pixels/simd_idct.h"
#include "decode/pixels/simd_idct_reduced.h"
#include "decode/pixels/simd_rows.h"

namespace fastpass {

// One sample per block is no work for vectors.
template <class V>
constexpr PixelRoutines simd_routines(const char* name) {
  return {name,
          {idct_1x1_groups, simd_idct_2x2<V>, simd_idct_4x4<V>, simd_idct_8x8<V>},
          simd_upsample_h2v1<V>,
          simd_upsample_h2v2<V>,
          simd_upsample_h1v2<V>,
          simd_ycc_to_rgb<V>,
          simd_gray_to_rgb<V>,
          simd_interleave_rgb<V>};
}

}  // namespace fastpass
