#include "augment/resample_cpu.h"

#include <algorithm>
#include <cstring>

#include "common/multiversion.h"

namespace fastpass {
namespace {

// Four lanes per pixel (the fourth is zero), so that one multiplication serves all channels.
constexpr int kLanes = 4;
using Pixel =
    std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t)), aligned(4), may_alias));

FASTPASS_AVX2_CLONE
void widen_row(const std::uint8_t* source, std::int32_t num_pixels, std::int32_t* out) {
  for (std::int32_t x = 0; x < num_pixels; ++x) {
    for (int channel = 0; channel < 3; ++channel) {
      out[x * kLanes + channel] = source[x * 3 + channel];
    }
    out[x * kLanes + 3] = 0;
  }
}

FASTPASS_AVX2_CLONE
void sum_taps(const std::int32_t* pixels, std::int32_t first_pixel, const AxisWeights& axis,
              std::int32_t size, std::uint8_t* out) {
  for (std::int32_t x = 0; x < size; ++x) {
    const TapRange range = axis.range(x);
    const std::int32_t* weights = axis.weights(x);
    const auto* taps = reinterpret_cast<const Pixel*>(pixels) + (range.first - first_pixel);
    Pixel sum = {weighted_sum_start(), weighted_sum_start(), weighted_sum_start(), 0};
    for (std::int32_t tap = 0; tap < range.count; ++tap) sum += taps[tap] * weights[tap];
    for (int channel = 0; channel < 3; ++channel) {
      out[x * 3 + channel] = weighted_sum_to_pixel(sum[channel]);
    }
  }
}

FASTPASS_AVX2_CLONE
void add_weighted_row(const std::uint8_t* row, std::int32_t weight, std::int32_t count,
                      std::int32_t* sums) {
  for (std::int32_t i = 0; i < count; ++i) sums[i] += row[i] * weight;
}

FASTPASS_AVX2_CLONE
void finish_row(const std::int32_t* sums, std::int32_t count, std::uint8_t* out) {
  for (std::int32_t i = 0; i < count; ++i) out[i] = weighted_sum_to_pixel(sums[i]);
}

}  // namespace

void AxisWeights::compute(const ResampleAxis& axis, std::int32_t window_first,
                          std::int32_t window_size) {
  max_taps_ = fastpass::max_taps(axis);
  ranges_.resize(static_cast<std::size_t>(window_size));
  weights_.resize(static_cast<std::size_t>(window_size) * static_cast<std::size_t>(max_taps_));
  exact_.resize(static_cast<std::size_t>(max_taps_));
  for (std::int32_t i = 0; i < window_size; ++i) {
    const TapRange range = tap_range(axis, window_first + i);
    double sum = 0.0;
    for (std::int32_t tap = 0; tap < range.count; ++tap) {
      exact_[static_cast<std::size_t>(tap)] = tap_weight(axis, window_first + i, range.first + tap);
      sum += exact_[static_cast<std::size_t>(tap)];
    }
    std::int32_t* weights = weights_.data() + static_cast<std::ptrdiff_t>(i) * max_taps_;
    for (std::int32_t tap = 0; tap < range.count; ++tap) {
      const double exact = exact_[static_cast<std::size_t>(tap)];
      weights[tap] = fixed_point_weight(sum != 0.0 ? exact / sum : exact);
    }
    ranges_[static_cast<std::size_t>(i)] = range;
  }
}

void Resampler::resample_row(const Box& box, const std::uint8_t* row, std::int32_t size,
                             std::uint8_t* out) {
  widen_row(row, box.num_columns, pixels_.data());
  sum_taps(pixels_.data(), box.first_column, horizontal_, size, out);
}

// Also the way of a box that keeps its width or its height: a pass that changes no size is left
// out (its only weight would be one).
void Resampler::run_vertical_first(const Box& box, const ViewParams& params, std::int32_t size,
                                   std::uint8_t* out) {
  const bool is_height_kept = params.height == params.resized_height;
  const bool is_width_kept = params.width == params.resized_width;
  const std::int32_t count = box.num_columns * 3;
  sums_.resize(static_cast<std::size_t>(count));
  row_.resize(static_cast<std::size_t>(count));
  for (std::int32_t y = 0; y < size; ++y, out += std::ptrdiff_t{3} * size) {
    const std::uint8_t* row = row_.data();
    if (is_height_kept) {
      row = box.row(params.window_top + y);
    } else {
      const TapRange range = vertical_.range(y);
      std::fill(sums_.begin(), sums_.end(), weighted_sum_start());
      for (std::int32_t tap = 0; tap < range.count; ++tap) {
        add_weighted_row(box.row(range.first + tap), vertical_.weights(y)[tap], count,
                         sums_.data());
      }
      finish_row(sums_.data(), count, row_.data());
    }
    if (is_width_kept) {
      std::memcpy(out, row, static_cast<std::size_t>(count));
    } else {
      resample_row(box, row, size, out);
    }
  }
}

void Resampler::run_horizontal_first(const Box& box, std::int32_t size, std::uint8_t* out) {
  const std::int32_t count = size * 3;
  const std::int32_t num_slots = vertical_.max_taps();
  ring_.resize(static_cast<std::size_t>(count) * static_cast<std::size_t>(num_slots));
  sums_.resize(static_cast<std::size_t>(count));
  const auto slot = [&](std::int32_t y) {
    return ring_.data() + static_cast<std::ptrdiff_t>(y % num_slots) * count;
  };
  std::int32_t next_row = 0;  // the first row of the box that has not been through the ring
  for (std::int32_t y = 0; y < size; ++y, out += count) {
    const TapRange range = vertical_.range(y);
    next_row = std::max(next_row, range.first);
    for (; next_row < range.first + range.count; ++next_row) {
      resample_row(box, box.row(next_row), size, slot(next_row));
    }
    std::fill(sums_.begin(), sums_.end(), weighted_sum_start());
    for (std::int32_t tap = 0; tap < range.count; ++tap) {
      add_weighted_row(slot(range.first + tap), vertical_.weights(y)[tap], count, sums_.data());
    }
    finish_row(sums_.data(), count, out);
  }
}

void Resampler::run(const ImageView& source, const ViewParams& params, Interpolation interpolation,
                    std::int32_t size, std::uint8_t* out) {
  horizontal_.compute(make_resample_axis(params.width, params.resized_width, interpolation),
                      params.window_left, size);
  vertical_.compute(make_resample_axis(params.height, params.resized_height, interpolation),
                    params.window_top, size);
  const bool is_width_kept = params.width == params.resized_width;
  const TapRange last = horizontal_.range(size - 1);
  Box box{};
  box.first_column = is_width_kept ? params.window_left : horizontal_.range(0).first;
  box.num_columns = is_width_kept ? size : last.first + last.count - box.first_column;
  box.data = source.row(params.top) + std::ptrdiff_t{3} * (params.left + box.first_column);
  box.stride = source.stride;
  pixels_.resize(static_cast<std::size_t>(box.num_columns) * kLanes);
  if (is_width_kept || params.height == params.resized_height ||
      is_vertical_first(params.height, params.width, params.resized_height, params.resized_width)) {
    run_vertical_first(box, params, size, out);
  } else {
    run_horizontal_first(box, size, out);
  }
}

}  // namespace fastpass
