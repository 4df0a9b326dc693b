// Every random choice of a view, made here before a pixel is touched.
//
// Each choice has a draw number of its own, so that a value never depends on which other choices
// were made, and a new choice (the next free number) never shifts an old one. The numbers are part
// of what a seed means: never renumber.
#pragma once

#include <cmath>
#include <cstdint>

#include "augment/params.h"
#include "common/hd.h"
#include "common/rng.h"

namespace fastpass {

enum ViewDraw : std::uint32_t {
  // Try t of the crop, t in [0, kCropTries), uses kCropArea + 4 t and so on.
  kCropArea = 0,
  kCropRatio = 1,
  kCropTop = 2,
  kCropLeft = 3,
  kFlip = 40,
  kJitter = 41,
  kJitterOrder = 42,
  kBrightness = 43,
  kContrast = 44,
  kSaturation = 45,
  kHue = 46,
  kGrayscale = 47,
  kBlur = 48,
  kBlurSigma = 49,
  kSolarize = 50,
  // The operation at place p, p < 2^16, uses kFirstOpKey + 2 p and the next one.
  kFirstOpKey = 1u << 17,
};

constexpr int kCropTries = 10;

// Half to even, as Python's round(); needs the default rounding mode.
FASTPASS_HD inline std::int32_t round_half_even(double value) {
  return static_cast<std::int32_t>(rint(value));
}

FASTPASS_HD inline double draw_uniform(const DrawKey& key, std::uint32_t draw, double low,
                                       double high) {
  return low + (high - low) * random_unit(key, draw);
}

FASTPASS_HD inline bool draw_event(const DrawKey& key, std::uint32_t draw, double probability) {
  return random_unit(key, draw) < probability;
}

// The largest centred box whose aspect ratio is inside the range.
FASTPASS_HD inline void fall_back_to_center(const ViewSpec& spec, std::int32_t height,
                                            std::int32_t width, ViewParams* params) {
  const double ratio = static_cast<double>(width) / height;
  params->width = width;
  params->height = height;
  if (ratio < spec.ratio_min) {
    params->height = round_half_even(width / spec.ratio_min);
  } else if (ratio > spec.ratio_max) {
    params->width = round_half_even(height * spec.ratio_max);
  }
  // A one-pixel-wide source and an extreme ratio can round to nothing.
  if (params->height < 1) params->height = 1;
  if (params->width < 1) params->width = 1;
  params->top = (height - params->height) / 2;
  params->left = (width - params->width) / 2;
}

// torchvision.transforms.RandomResizedCrop.get_params: up to ten tries of an area uniform in
// [scale_min, scale_max] of the source and an aspect ratio log-uniform in its range.
FASTPASS_HD inline void draw_random_resized_crop(const ViewSpec& spec, std::int32_t height,
                                                 std::int32_t width, const DrawKey& key,
                                                 ViewParams* params) {
  const double source_area = static_cast<double>(height) * width;
  const double log_ratio_min = log(spec.ratio_min);
  const double log_ratio_max = log(spec.ratio_max);
  for (std::uint32_t attempt = 0; attempt < kCropTries; ++attempt) {
    const std::uint32_t first_draw = 4 * attempt;
    const double area =
        source_area * draw_uniform(key, kCropArea + first_draw, spec.scale_min, spec.scale_max);
    const double ratio =
        exp(draw_uniform(key, kCropRatio + first_draw, log_ratio_min, log_ratio_max));
    const double exact_width = sqrt(area * ratio);
    const double exact_height = sqrt(area / ratio);
    // Before the conversion to int: an extreme ratio does not fit one.
    if (!(exact_width < width + 1.0 && exact_height < height + 1.0)) continue;
    const std::int32_t crop_width = round_half_even(exact_width);
    const std::int32_t crop_height = round_half_even(exact_height);
    if (crop_width < 1 || crop_width > width || crop_height < 1 || crop_height > height) continue;
    params->width = crop_width;
    params->height = crop_height;
    params->top = static_cast<std::int32_t>(random_below(
        key, kCropTop + first_draw, static_cast<std::uint32_t>(height - crop_height + 1)));
    params->left = static_cast<std::int32_t>(random_below(
        key, kCropLeft + first_draw, static_cast<std::uint32_t>(width - crop_width + 1)));
    return;
  }
  fall_back_to_center(spec, height, width, params);
}

// torchvision's Resize(spec.resize) and CenterCrop(spec.size): the long side is truncated, the
// offsets are rounded half to even. The caller has seen to it that the long side fits an int32.
FASTPASS_HD inline void place_center_crop(const ViewSpec& spec, std::int32_t height,
                                          std::int32_t width, ViewParams* params) {
  const bool is_tall = height >= width;
  const double short_side = is_tall ? width : height;
  const double long_side = is_tall ? height : width;
  const std::int32_t resized_long = static_cast<std::int32_t>(spec.resize * long_side / short_side);
  params->top = params->left = 0;
  params->height = height;
  params->width = width;
  params->resized_height = is_tall ? resized_long : spec.resize;
  params->resized_width = is_tall ? spec.resize : resized_long;
  params->window_top = round_half_even((params->resized_height - spec.size) / 2.0);
  params->window_left = round_half_even((params->resized_width - spec.size) / 2.0);
}

// A uniform permutation of the four operations, from one number in [0, 24) (Lehmer code).
FASTPASS_HD inline void draw_jitter_order(const DrawKey& key, JitterOp order[4]) {
  std::uint32_t code = random_below(key, kJitterOrder, 24);
  int remaining[4] = {0, 1, 2, 3};
  for (int position = 0, count = 4; position < 4; ++position, --count) {
    const int pick = static_cast<int>(code % static_cast<std::uint32_t>(count));
    code /= static_cast<std::uint32_t>(count);
    order[position] = static_cast<JitterOp>(remaining[pick]);
    for (int i = pick; i + 1 < count; ++i) remaining[i] = remaining[i + 1];
  }
}

FASTPASS_HD inline float draw_factor(const DrawKey& key, std::uint32_t draw, double strength) {
  const double low = strength < 1.0 ? 1.0 - strength : 0.0;
  return static_cast<float>(draw_uniform(key, draw, low, 1.0 + strength));
}

// torchvision.transforms.ColorJitter.get_params: a strength of 0 leaves the factor at 1 (hue: 0).
FASTPASS_HD inline void draw_jitter(const ViewSpec& spec, const DrawKey& key, ViewParams* params) {
  draw_jitter_order(key, params->jitter_order);
  params->brightness = draw_factor(key, kBrightness, spec.brightness);
  params->contrast = draw_factor(key, kContrast, spec.contrast);
  params->saturation = draw_factor(key, kSaturation, spec.saturation);
  params->hue = static_cast<float>(draw_uniform(key, kHue, -spec.hue, spec.hue));
}

// spec and sizes must have been checked (check.h).
FASTPASS_HD inline ViewParams draw_checked_view(const ViewSpec& spec, std::int32_t height,
                                                std::int32_t width, const DrawKey& key) {
  ViewParams params;
  if (spec.crop == CropKind::kCenter) {
    place_center_crop(spec, height, width, &params);
  } else {
    draw_random_resized_crop(spec, height, width, key, &params);
    params.resized_height = params.resized_width = spec.size;
  }
  params.is_flipped = draw_event(key, kFlip, spec.flip_probability);
  params.has_jitter = draw_event(key, kJitter, spec.jitter_probability);
  if (params.has_jitter) draw_jitter(spec, key, &params);
  params.is_grayscale = draw_event(key, kGrayscale, spec.grayscale_probability);
  if (draw_event(key, kBlur, spec.blur_probability)) {
    params.blur_sigma =
        static_cast<float>(draw_uniform(key, kBlurSigma, spec.blur_sigma_min, spec.blur_sigma_max));
  }
  params.is_solarized = draw_event(key, kSolarize, spec.solarize_probability);
  return params;
}

}  // namespace fastpass
