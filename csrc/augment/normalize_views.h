// A batch of uint8 views to normalized values: one functor for the CPU loop and the GPU kernel.
#pragma once

#include <cstdint>

#include "augment/normalize.h"
#include "common/hd.h"

namespace fastpass {

FASTPASS_HD inline void store(float value, float* out) { *out = value; }

struct Float16Bits {
  std::uint16_t bits;
};
FASTPASS_HD inline void store(float value, Float16Bits* out) { out->bits = to_float16(value); }

struct Bfloat16Bits {
  std::uint16_t bits;
};
FASTPASS_HD inline void store(float value, Bfloat16Bits* out) { out->bits = to_bfloat16(value); }

// Planar [N, 3, pixels_per_plane] in and out; one call per element. Channels-last pixels are so
// many planar views of one pixel.
template <typename Out>
struct NormalizeViews {
  const std::uint8_t* pixels;
  Out* out;
  std::int64_t pixels_per_plane;
  float mean[3];
  float std[3];

  FASTPASS_HD void operator()(std::int64_t index) const {
    const int channel = static_cast<int>(index / pixels_per_plane % 3);
    // Not mean[channel]: an index known only at run time would put the arrays into local memory.
    const float m = channel == 0 ? mean[0] : channel == 1 ? mean[1] : mean[2];
    const float s = channel == 0 ? std[0] : channel == 1 ? std[1] : std[2];
    store(normalized_value(pixels[index], m, s), out + index);
  }
};

}  // namespace fastpass
