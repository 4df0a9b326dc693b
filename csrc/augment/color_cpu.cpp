#include "augment/color_cpu.h"

#include <array>

#include "augment/color_ops.h"
#include "augment/color_steps.h"

namespace fastpass {
namespace {

// The steps of a view in order. Contrast needs the mean luma of all pixels as they are when its
// turn comes, so it ends one pass over the view and begins the next.
class ColorPasses {
 public:
  ColorPasses(const ViewKernels& kernels, const ViewRows& view) : kernels_(kernels), view_(view) {}

  void add(ColorStepKind kind, float factor, std::int32_t hue_offset = 0) {
    steps_[num_steps_++] = {kind, factor, 0, hue_offset};
  }
  void add_contrast(float factor) {
    const std::uint64_t sum = run(/*wants_luma=*/true);
    const auto size = static_cast<std::uint64_t>(view_.size);
    steps_[num_steps_++] = {ColorStepKind::kBlendWithGray, factor, contrast_gray(sum, size * size),
                            0};
  }
  void finish() {
    if (num_steps_ > 0) run(/*wants_luma=*/false);
  }

 private:
  std::uint64_t run(bool wants_luma) {
    const std::uint64_t luma_sum =
        kernels_.recolor(steps_.data(), static_cast<int>(num_steps_), wants_luma, view_);
    num_steps_ = 0;
    return luma_sum;
  }

  const ViewKernels& kernels_;
  const ViewRows& view_;
  std::array<ColorStep, 5> steps_{};
  std::size_t num_steps_ = 0;
};

}  // namespace

void apply_color(const ViewKernels& kernels, const ViewParams& params, const ViewRows& view) {
  ColorPasses passes(kernels, view);
  for (const JitterOp op : params.jitter_order) {
    if (!params.has_jitter) break;
    // A factor of 1 changes no pixel; a hue that rounds to 0 does, on its way through 8-bit HSV.
    if (op == JitterOp::kBrightness && params.brightness != 1.0f) {
      passes.add(ColorStepKind::kBlendWithGray, params.brightness);
    } else if (op == JitterOp::kContrast && params.contrast != 1.0f) {
      passes.add_contrast(params.contrast);
    } else if (op == JitterOp::kSaturation && params.saturation != 1.0f) {
      passes.add(ColorStepKind::kSaturation, params.saturation);
    } else if (op == JitterOp::kHue && params.hue != 0.0f) {
      passes.add(ColorStepKind::kHue, 0.0f, hue_offset(params.hue));
    }
  }
  if (params.is_grayscale) passes.add(ColorStepKind::kGrayscale, 0.0f);
  passes.finish();
}

}  // namespace fastpass
