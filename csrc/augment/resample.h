// Weights of Pillow's antialiased resampling (bilinear, bicubic with a = -0.5), per axis.
//
// The filter is stretched by the shrink factor. Weights are computed and normalised in double,
// then rounded to 22 fractional bits; sums of pixel times weight are exact in int32. Single
// precision anywhere here would be off by one in some pixels, and so would contraction of a * b + c
// (build with -ffp-contract=off; nvcc: -fmad=false).
#pragma once

#include <cmath>
#include <cstdint>

#include "augment/params.h"
#include "common/hd.h"

namespace fastpass {

constexpr int kWeightBits = 22;

struct ResampleAxis {
  std::int32_t source_size;  // pixels outside of [0, source_size) have no weight
  Interpolation interpolation;
  double start;          // where the first output pixel begins: 0 but for a source that was scaled
  double scale;          // source pixels per output pixel
  double inverse_width;  // 1 / max(scale, 1): shrinks distances to the unit filter
  double support;        // half of the filter's reach, source pixels
};

// Each pass rounds to uint8, so the order of the passes shows in the pixels (by a level or two).
// Pillow resamples rows first (horizontally), except, from version 13 on, where shrinking the
// height first saves it work by this measure.
FASTPASS_HD inline bool is_vertical_first(std::int32_t height, std::int32_t width,
                                          std::int32_t resized_height, std::int32_t resized_width) {
  return height > resized_height &&
         height - resized_height > 2 * (std::int64_t{width} - resized_width);
}

struct TapRange {
  std::int32_t first;  // source pixel
  std::int32_t count;
};

// The part of `length` source pixels from `start` on becomes `output_size` pixels.
FASTPASS_HD inline ResampleAxis make_resample_axis(std::int32_t source_size, double start,
                                                   double length, std::int32_t output_size,
                                                   Interpolation interpolation) {
  ResampleAxis axis{};
  axis.source_size = source_size;
  axis.interpolation = interpolation;
  axis.start = start;
  axis.scale = length / output_size;
  const double stretch = axis.scale < 1.0 ? 1.0 : axis.scale;
  axis.inverse_width = 1.0 / stretch;
  axis.support = (interpolation == Interpolation::kBicubic ? 2.0 : 1.0) * stretch;
  return axis;
}

// No output pixel has more taps than this.
FASTPASS_HD inline std::int32_t max_taps(const ResampleAxis& axis) {
  const std::int32_t bound = static_cast<std::int32_t>(ceil(axis.support)) * 2 + 1;
  return bound < axis.source_size ? bound : axis.source_size;
}

FASTPASS_HD inline double tap_center(const ResampleAxis& axis, std::int32_t output_index) {
  return axis.start + (output_index + 0.5) * axis.scale;
}

FASTPASS_HD inline TapRange tap_range(const ResampleAxis& axis, std::int32_t output_index) {
  const double center = tap_center(axis, output_index);
  std::int32_t first = static_cast<std::int32_t>(center - axis.support + 0.5);
  std::int32_t last = static_cast<std::int32_t>(center + axis.support + 0.5);
  if (first < 0) first = 0;
  if (last > axis.source_size) last = axis.source_size;
  return {first, last - first};
}

FASTPASS_HD inline double filter_value(Interpolation interpolation, double distance) {
  const double x = fabs(distance);
  if (interpolation == Interpolation::kBilinear) return x < 1.0 ? 1.0 - x : 0.0;
  // Both branches at once: so a loop over taps becomes SIMD code.
  const double near = (1.5 * x - 2.5) * x * x + 1.0;
  const double far = (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5;
  return x < 1.0 ? near : x < 2.0 ? far : 0.0;
}

// Not normalised: divide by the sum over the tap range, added from left to right.
FASTPASS_HD inline double tap_weight(const ResampleAxis& axis, std::int32_t output_index,
                                     std::int32_t source_index) {
  const double offset = source_index - tap_center(axis, output_index) + 0.5;
  return filter_value(axis.interpolation, offset * axis.inverse_width);
}

FASTPASS_HD inline std::int32_t fixed_point_weight(double weight) {
  const double scaled = weight * (1 << kWeightBits);
  return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

// From a sum of pixel * weight that started at weighted_sum_start().
FASTPASS_HD constexpr std::int32_t weighted_sum_start() { return 1 << (kWeightBits - 1); }

FASTPASS_HD inline std::uint8_t weighted_sum_to_pixel(std::int32_t sum) {
  const std::int32_t value = sum >> kWeightBits;
  return static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

}  // namespace fastpass
