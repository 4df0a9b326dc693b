// One view of a batch, as the kernels that render it see it: plain data in the device's memory.
#pragma once

#include <cstdint>

#include "augment/blur.h"
#include "augment/color_plan.h"
#include "augment/gaussian_blur.h"
#include "augment/normalize.h"
#include "augment/resample.h"
#include "augment/store_format.h"
#include "common/hd.h"

namespace fastpass {

// Weights of one axis for every pixel of the view: count[i] of them from source pixel first[i] on.
// A tap's weights lie side by side, because lanes that are neighbors read them together.
struct GpuTaps {
  ResampleAxis axis;
  std::int32_t window_first = 0;    // of the view, in the resized image
  std::int32_t num_pixels = 0;      // of the view
  std::int32_t max_count = 0;       // taps of any pixel, at most
  std::int32_t* first = nullptr;    // [num_pixels]
  std::int32_t* count = nullptr;    // [num_pixels]
  std::int32_t* weights = nullptr;  // [max_count][num_pixels]

  FASTPASS_HD std::int32_t* weights_of(int i) const { return device_memory(weights) + i; }
  FASTPASS_HD std::int64_t num_weights() const { return std::int64_t{max_count} * num_pixels; }
};

enum class ViewBlur : std::uint8_t { kNone, kPillow, kGaussian };

// All that the kernels know of one view; the host fills it in.
struct GpuView {
  const std::uint8_t* source = nullptr;  // RGB; the first pixel of the box
  std::int64_t stride = 0;               // bytes
  std::int32_t size = 0;
  bool is_flipped = false;
  bool is_vertical_first = false;
  GpuTaps across;
  GpuTaps down;

  // Tiles of the view, row by row; 0 rows: no tile's first pass fits shared memory, and pixels
  // compute theirs anew.
  std::int32_t tile_rows = 0;
  std::int32_t tile_columns = 0;
  std::int32_t tiles_across = 0;

  ColorPlan color;
  unsigned long long* luma_sum = nullptr;

  ViewBlur blur = ViewBlur::kNone;
  BoxBlur box_blur = {};
  GaussianBlur gaussian_blur = {};

  std::uint8_t* scratch = nullptr;  // [3][size][size], for views that need more than one pass
  StoreFormat format;
  void* out = nullptr;

  FASTPASS_HD bool has_scratch() const { return color.has_contrast || blur != ViewBlur::kNone; }
  FASTPASS_HD std::int64_t num_pixels() const { return std::int64_t{size} * size; }
  FASTPASS_HD std::uint8_t* scratch_at(int channel, int y, int x) const {
    return device_memory(scratch) + (std::int64_t{channel} * size + y) * size + x;
  }
};

// What a finished pixel of one channel is in the view: the bits of a value.
FASTPASS_HD inline std::uint32_t stored_bits(const StoreFormat& format, int channel,
                                             std::uint8_t pixel) {
  pixel = solarize(pixel, format.solarize_threshold);
  if (format.dtype == Dtype::kUint8) return pixel;
  const float value = normalized_value(pixel, format.mean[channel], format.std[channel]);
  if (format.dtype == Dtype::kFloat32) return float_bits(value);
  return format.dtype == Dtype::kFloat16 ? to_float16(value) : to_bfloat16(value);
}

FASTPASS_HD inline void store_bits(const GpuView& view, int channel, int y, int x,
                                   std::uint32_t bits) {
  const bool is_last = view.format.memory_format == MemoryFormat::kChannelsLast;
  const std::int64_t place = std::int64_t{y} * view.size + x;
  const std::int64_t at = is_last ? place * 3 + channel : channel * view.num_pixels() + place;
  void* out = device_memory(view.out);
  if (view.format.dtype == Dtype::kUint8) {
    static_cast<std::uint8_t*>(out)[at] = static_cast<std::uint8_t>(bits);
  } else if (view.format.dtype == Dtype::kFloat32) {
    static_cast<std::uint32_t*>(out)[at] = bits;
  } else {
    static_cast<std::uint16_t*>(out)[at] = static_cast<std::uint16_t>(bits);
  }
}

FASTPASS_HD inline void store_value(const GpuView& view, int channel, int y, int x,
                                    std::uint8_t pixel) {
  store_bits(view, channel, y, x, stored_bits(view.format, channel, pixel));
}

// stored_bits() of every pixel of a channel. Its divisions cost more than all else of a store, and
// a block stores many more pixels than there are values.
struct StoreTable {
  std::uint32_t bits[256];

  FASTPASS_HD void fill(const StoreFormat& format, int channel, int lane, int num_lanes) {
    for (int pixel = lane; pixel < 256; pixel += num_lanes) {
      bits[pixel] = stored_bits(format, channel, static_cast<std::uint8_t>(pixel));
    }
  }
};

}  // namespace fastpass
