#include "augment/view_plan.h"

#include <algorithm>
#include <cmath>

#include "augment/color_ops.h"

namespace fastpass {
namespace {

SourceSpan span_in(std::int32_t box_first, std::int32_t box_size, std::int32_t region_first,
                   std::int32_t region_size, std::int32_t scale_denominator) {
  if (scale_denominator == 1) {
    return {box_first - region_first, box_size, 0.0, static_cast<double>(box_size)};
  }
  const double begin = static_cast<double>(box_first) / scale_denominator - region_first;
  const double length = static_cast<double>(box_size) / scale_denominator;
  const auto first = static_cast<std::int32_t>(std::floor(begin));
  const auto end = std::min(region_size, static_cast<std::int32_t>(std::ceil(begin + length)));
  return {first, end - first, begin - first, length};
}

void add(const ColorStep& step, ColorPlan* plan) {
  if (plan->has_contrast) {
    plan->after[plan->num_after++] = step;
  } else {
    plan->before[plan->num_before++] = step;
  }
}

}  // namespace

ColorPlan plan_color(const ViewParams& params) {
  ColorPlan plan{};
  for (const JitterOp op : params.jitter_order) {
    if (!params.has_jitter) break;
    // A factor of 1 changes no pixel; a hue that rounds to 0 does, on its way through 8-bit HSV.
    if (op == JitterOp::kBrightness && params.brightness != 1.0f) {
      add({ColorStepKind::kBlendWithGray, params.brightness, 0, 0}, &plan);
    } else if (op == JitterOp::kContrast && params.contrast != 1.0f) {
      plan.has_contrast = true;
      add({ColorStepKind::kBlendWithGray, params.contrast, 0, 0}, &plan);
    } else if (op == JitterOp::kSaturation && params.saturation != 1.0f) {
      add({ColorStepKind::kSaturation, params.saturation, 0, 0}, &plan);
    } else if (op == JitterOp::kHue && params.hue != 0.0f) {
      add({ColorStepKind::kHue, 0.0f, 0, hue_offset(params.hue)}, &plan);
    }
  }
  if (params.is_grayscale) add({ColorStepKind::kGrayscale, 0.0f, 0, 0}, &plan);
  return plan;
}

StoreFormat make_store_format(const ViewSpec& spec, const ViewParams& params,
                              const ViewFormat& format) {
  StoreFormat stored;
  stored.dtype = format.dtype;
  stored.memory_format = format.memory_format;
  if (format.normalize) {
    std::copy(spec.mean, spec.mean + 3, stored.mean);
    std::copy(spec.std, spec.std + 3, stored.std);
  }
  if (params.is_solarized) stored.solarize_threshold = spec.solarize_threshold;
  return stored;
}

SourceSpan span_across(const SourceRegion& source, const ViewParams& params) {
  return span_in(params.left, params.width, source.left, source.pixels.width,
                 source.scale_denominator);
}

SourceSpan span_down(const SourceRegion& source, const ViewParams& params) {
  return span_in(params.top, params.height, source.top, source.pixels.height,
                 source.scale_denominator);
}

}  // namespace fastpass
