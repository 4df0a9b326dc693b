// Color jitter and grayscale as a list of steps for one pass over a view (color_ops.h has what each
// of them does to a pixel).
#pragma once

#include <cstdint>

#include "augment/color_ops.h"
#include "common/hd.h"

namespace fastpass {

enum class ColorStepKind : std::uint8_t { kBlendWithGray, kSaturation, kHue, kGrayscale };

struct ColorStep {
  ColorStepKind kind;
  float factor;             // of the blend: brightness, contrast, saturation
  std::uint8_t gray;        // kBlendWithGray: 0 for brightness, the mean luma for contrast
  std::int32_t hue_offset;  // kHue: added to the 8-bit hue, modulo 256
};

FASTPASS_HD inline void apply_step(const ColorStep& step, std::uint8_t* r, std::uint8_t* g,
                                   std::uint8_t* b) {
  if (step.kind == ColorStepKind::kHue) {
    const Rgb shifted = shift_hue(*r, *g, *b, step.hue_offset);
    *r = static_cast<std::uint8_t>(shifted.r);
    *g = static_cast<std::uint8_t>(shifted.g);
    *b = static_cast<std::uint8_t>(shifted.b);
    return;
  }
  const std::uint8_t gray =
      step.kind == ColorStepKind::kBlendWithGray ? step.gray : luma(*r, *g, *b);
  if (step.kind == ColorStepKind::kGrayscale) {
    *r = *g = *b = gray;
    return;
  }
  *r = blend(gray, *r, step.factor);
  *g = blend(gray, *g, step.factor);
  *b = blend(gray, *b, step.factor);
}

}  // namespace fastpass
