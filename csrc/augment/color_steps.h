// Color jitter and grayscale as a list of steps for one pass over a view (color_ops.h has what each
// of them does to a pixel).
#pragma once

#include <cstdint>

namespace fastpass {

enum class ColorStepKind : std::uint8_t { kBlendWithGray, kSaturation, kHue, kGrayscale };

struct ColorStep {
  ColorStepKind kind;
  float factor;             // of the blend: brightness, contrast, saturation
  std::uint8_t gray;        // kBlendWithGray: 0 for brightness, the mean luma for contrast
  std::int32_t hue_offset;  // kHue: added to the 8-bit hue, modulo 256
};

}  // namespace fastpass
