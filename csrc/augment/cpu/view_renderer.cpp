// Checks, then one step after the other on a view that stays in the caches (view_rows.h), each step
// rounding to uint8 as Pillow does.
#include "augment/cpu/view_renderer.h"

#include <new>
#include <vector>

#include "augment/check.h"
#include "augment/cpu/blur_cpu.h"
#include "augment/cpu/color_cpu.h"
#include "augment/cpu/gaussian_blur_cpu.h"
#include "augment/cpu/resample_cpu.h"
#include "augment/view_plan.h"

namespace fastpass {

struct ViewRenderer::Scratch {
  explicit Scratch(const ViewRoutines& table)
      : routines(table), resampler(table), blurrer(table), op_steps(table) {}

  ViewRows rows(std::int32_t size) {
    const std::ptrdiff_t pitch = (size + 31) / 32 * 32;
    const auto wanted = static_cast<std::size_t>(3 * pitch * size);
    if (pixels.size() < wanted) pixels.resize(wanted);
    return {pixels.data(), size, pitch};
  }

  void blur(const ViewSpec& spec, float sigma, const ViewRows& view) {
    if (spec.blur_kind == BlurKind::kPillow) {
      blurrer.run(sigma, view);
      return;
    }
    const GaussianBlur gaussian =
        make_gaussian_blur(sigma, spec.blur_kernel_size, spec.blur_border);
    for (int channel = 0; channel < 3; ++channel) {
      gaussian_blurrer.run(gaussian, view.size, view.row(0, channel), view.stride());
    }
  }

  const ViewRoutines& routines;
  Resampler resampler;
  Blurrer blurrer;
  GaussianBlurrer gaussian_blurrer;
  OpSteps op_steps;
  std::vector<std::uint8_t> pixels;
};

ViewRenderer::ViewRenderer(const ViewRoutines& routines)
    : scratch_(std::make_unique<Scratch>(routines)) {}
ViewRenderer::~ViewRenderer() = default;

Status ViewRenderer::render(const SourceRegion& source, const ViewSpec& spec,
                            const ViewParams& params, const ViewFormat& format, void* out,
                            const ViewOpWork* ops) {
  FASTPASS_RETURN_IF_ERROR(check_spec(spec));
  FASTPASS_RETURN_IF_ERROR(check_source(source));
  FASTPASS_RETURN_IF_ERROR(check_params(params, spec, source));
  try {
    const ViewRows view = scratch_->rows(spec.size);
    scratch_->resampler.run(source, params, spec.interpolation, view);
    apply_color(scratch_->routines, params, view);
    if (params.blur_sigma > 0.0f) scratch_->blur(spec, params.blur_sigma, view);
    const StoreFormat stored = make_store_format(spec, params, format);
    if (ops != nullptr) return scratch_->op_steps.run(view, stored, *ops, out);
    scratch_->routines.store(view, stored, out);
  } catch (const std::bad_alloc&) {
    return Status(Fault::kOutOfMemory, "no memory for the scratch of a view of " +
                                           std::to_string(spec.size) + " x " +
                                           std::to_string(spec.size) + " pixels");
  }
  return {};
}

}  // namespace fastpass
