// "Fancy" upsampling of subsampled components: each output sample lies a quarter of a sample off
// the nearest input sample, and is 3/4 of it and 1/4 of the next nearest, in each direction. The
// rounding terms alternate, so that no drift builds up (libjpeg's jdsample.c has the same).
// At a border of the image the neighbor outside repeats the outermost sample.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// How samples become pixels of the output: horizontally and vertically doubled, or repeated.
enum class Upsampling : std::uint8_t { kNone, kH2v1, kH2v2, kH1v2, kReplicate };

// Output samples 2 i (odd = 0) and 2 i + 1 (odd = 1), from sample i and its neighbor on that side.
FASTPASS_HD inline std::uint8_t upsample_h2v1(int here, int neighbor, int odd) {
  return static_cast<std::uint8_t>((3 * here + neighbor + 1 + odd) >> 2);
}

// The same in the input row nearest to the output row, and in the next nearest, `far`.
FASTPASS_HD inline std::uint8_t upsample_h2v2(int here, int neighbor, int far_here,
                                              int far_neighbor, int odd) {
  return static_cast<std::uint8_t>(
      (3 * (3 * here + far_here) + 3 * neighbor + far_neighbor + 8 - odd) >> 4);
}

// in[-1] and in[+1] are the neighbors.
FASTPASS_HD inline std::uint8_t upsample_h2v1_at(const std::uint8_t* in, int odd) {
  return upsample_h2v1(in[0], odd != 0 ? in[1] : in[-1], odd);
}

FASTPASS_HD inline std::uint8_t upsample_h2v2_at(const std::uint8_t* near, const std::uint8_t* far,
                                                 int odd) {
  const int side = odd != 0 ? 1 : -1;
  return upsample_h2v2(near[0], near[side], far[0], far[side], odd);
}

// bias: 1 for the upper of the two output rows of an input row, 2 for the lower.
FASTPASS_HD inline std::uint8_t upsample_h1v2_at(int near, int far, int bias) {
  return static_cast<std::uint8_t>((3 * near + far + bias) >> 2);
}

}  // namespace fastpass
