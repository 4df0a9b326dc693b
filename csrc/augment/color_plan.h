// The color steps of a view, in passes.
#pragma once

#include <cstdint>

#include "augment/color_steps.h"

namespace fastpass {

constexpr int kMaxColorSteps = 5;

// Contrast needs the mean luma of all pixels as the steps before it leave them. So it ends one pass
// over the view and begins the next.
struct ColorPlan {
  ColorStep before[kMaxColorSteps];
  std::int32_t num_before = 0;
  bool has_contrast = false;
  // Where there is contrast, its step is the first; its gray is not known yet.
  ColorStep after[kMaxColorSteps];
  std::int32_t num_after = 0;
};

}  // namespace fastpass
