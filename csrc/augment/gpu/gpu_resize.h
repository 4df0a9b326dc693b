// Crop and resize on a device, with all that can follow in the same pass.
#pragma once

#include <cstdint>

#include "augment/color_steps.h"
#include "augment/gpu/gpu_view.h"
#include "augment/resample.h"
#include "common/gpu/block_program.h"
#include "common/gpu/item_of.h"
#include "common/hd.h"

namespace fastpass {

// The weights of both axes of every view, as TapWeights computes them: a lane per output pixel.
struct WeighTaps {
  static constexpr int kLanes = 128;

  const GpuView* views;
  const std::int32_t* view_of;      // [task]
  const std::int32_t* first_block;  // [task]
  int num_tasks;

  std::int64_t shared_bytes() const { return 0; }
  FASTPASS_HD static int num_blocks(int size) { return 2 * ((size + kLanes - 1) / kLanes); }
  FASTPASS_HD bool has_step(int, int step, const std::uint8_t*) const { return step == 0; }

  FASTPASS_HD void run(int block, int, int lane, std::uint8_t*) const {
    const int task = item_of(first_block, num_tasks, block);
    const GpuView& view = views[view_of[task]];
    const int within = block - first_block[task];
    const int i = within / 2 * kLanes + lane;
    if (i < view.size) weigh(within % 2 == 0 ? view.across : view.down, i);
  }

 private:
  FASTPASS_HD static void weigh(const GpuTaps& taps, int i) {
    const ResampleAxis& axis = taps.axis;
    const int output = taps.window_first + i;
    const TapRange range = tap_range(axis, output);
    double sum = 0.0;
    for (int tap = 0; tap < range.count; ++tap) {
      sum += tap_weight(axis, output, range.first + tap);
    }
    if (sum == 0.0) sum = 1.0;
    std::int32_t* weight = taps.weights_of(i);
    std::int32_t count = 1;
    for (int tap = 0; tap < range.count; ++tap, weight += taps.num_pixels) {
      *weight = fixed_point_weight(tap_weight(axis, output, range.first + tap) / sum);
      if (*weight != 0) count = tap + 1;  // zeros at the end are left out
    }
    taps.first[i] = range.first;
    taps.count[i] = count;
  }
};

// The weighted sums of one pixel, per channel.
struct PixelSums {
  std::int32_t r, g, b;
};

FASTPASS_HD inline void add_weighted(PixelSums& sums, const std::uint8_t* rgb,
                                     std::int32_t weight) {
  sums.r += rgb[0] * weight;
  sums.g += rgb[1] * weight;
  sums.b += rgb[2] * weight;
}

FASTPASS_HD inline void round_sums(const PixelSums& sums, std::uint8_t* rgb) {
  rgb[0] = weighted_sum_to_pixel(sums.r);
  rgb[1] = weighted_sum_to_pixel(sums.g);
  rgb[2] = weighted_sum_to_pixel(sums.b);
}

// Output pixel `i` of an axis, from RGB pixels `step` bytes apart, of which `pixels` is source
// pixel `first`.
FASTPASS_HD inline void weigh_pixels(const GpuTaps& taps, int i, const std::uint8_t* pixels,
                                     std::int64_t step, int first, std::uint8_t* rgb) {
  PixelSums sums = {weighted_sum_start(), weighted_sum_start(), weighted_sum_start()};
  const std::int32_t* weight = taps.weights_of(i);
  const std::uint8_t* at = pixels + (device_memory(taps.first)[i] - first) * step;
  const int count = device_memory(taps.count)[i];
  for (int tap = 0; tap < count; ++tap, at += step, weight += taps.num_pixels) {
    add_weighted(sums, at, *weight);
  }
  round_sums(sums, rgb);
}

// A tile of a view: the first pass of the resize into shared memory, the second pass from there,
// color, and the finished pixels; or, for views that go on, uint8 into scratch.
struct RenderTiles {
  static constexpr int kLanes = 256;
  // Enough tiles then fit on a multiprocessor to fill it.
  static constexpr std::int64_t kTileBytes = 36 * 1024;

  const GpuView* views;
  const std::int32_t* view_of;      // [task]
  const std::int32_t* first_block;  // [task]
  int num_tasks;
  std::int64_t num_tile_bytes;  // of the largest tile

  struct Shared {
    StoreTable tables[3];  // [channel], of views that are finished here
    unsigned int luma_sum;
    std::uint8_t pixels[4];  // and more: the result of the first pass, RGB
  };

  std::int64_t shared_bytes() const { return std::int64_t{sizeof(Shared)} + num_tile_bytes; }

  FASTPASS_HD bool has_step(int block, int step, const std::uint8_t*) const {
    if (step < 2) return true;
    return step == 2 && views[view_of[item_of(first_block, num_tasks, block)]].color.has_contrast;
  }

  FASTPASS_HD void run(int block, int step, int lane, std::uint8_t* memory) const {
    auto& shared = shared_as<Shared>(memory);
    const int task = item_of(first_block, num_tasks, block);
    const GpuView& view = views[view_of[task]];
    const Tile tile = tile_of(view, block - first_block[task]);
    if (step == 0) {
      if (lane == 0) shared.luma_sum = 0;
      for (int channel = 0; channel < 3 && !view.has_scratch(); ++channel) {
        shared.tables[channel].fill(view.format, channel, lane, kLanes);
      }
      if (view.tile_rows > 0) first_pass(view, tile, lane, shared.pixels);
    } else if (step == 1) {
      second_pass(view, tile, lane, shared);
    } else if (lane == 0) {
      atomic_add(view.luma_sum, static_cast<unsigned long long>(shared.luma_sum));
    }
  }

  // Of a view without room for a tile.
  static constexpr int kDirectRows = 4;
  static constexpr int kDirectColumns = 64;

 private:
  struct Tile {
    int top, bottom;  // rows of the view, half-open
    int left, right;
    int first_row;  // horizontal first: source rows that the tile's rows look at
    int end_row;
    int first_column;  // vertical first: source columns
    int end_column;
  };

  FASTPASS_HD static int column_of(const GpuView& view, int x) {
    return view.is_flipped ? view.size - 1 - x : x;
  }
  FASTPASS_HD static int smaller(int a, int b) { return a < b ? a : b; }

  FASTPASS_HD static Tile tile_of(const GpuView& view, int index) {
    const int rows = view.tile_rows > 0 ? view.tile_rows : kDirectRows;
    Tile tile;
    tile.top = index / view.tiles_across * rows;
    tile.bottom = smaller(tile.top + rows, view.size);
    tile.left = index % view.tiles_across * view.tile_columns;
    tile.right = smaller(tile.left + view.tile_columns, view.size);
    // `first` never decreases, and no end of taps lies behind a later one by more than zeros that
    // were left out: the ranges of the outermost pixels, with these zeros, hold all the others.
    const TapRange top = tap_range(view.down.axis, view.down.window_first + tile.top);
    const TapRange bottom = tap_range(view.down.axis, view.down.window_first + tile.bottom - 1);
    tile.first_row = top.first;
    tile.end_row = bottom.first + bottom.count;
    const int a = column_of(view, tile.left), b = column_of(view, tile.right - 1);
    const TapRange left = tap_range(view.across.axis, view.across.window_first + smaller(a, b));
    const TapRange right = tap_range(view.across.axis, view.across.window_first + (a > b ? a : b));
    tile.first_column = left.first;
    tile.end_column = right.first + right.count;
    return tile;
  }

  FASTPASS_HD static const std::uint8_t* source_at(const GpuView& view, int row, int column) {
    return device_memory(view.source) + row * view.stride + std::int64_t{3} * column;
  }

  FASTPASS_HD static void first_pass(const GpuView& view, const Tile& tile, int lane,
                                     std::uint8_t* pixels) {
    if (view.is_vertical_first) {
      const int width = tile.end_column - tile.first_column;
      const int count = (tile.bottom - tile.top) * width;
      for (int i = lane; i < count; i += kLanes) {
        const std::uint8_t* column = source_at(view, 0, tile.first_column + i % width);
        weigh_pixels(view.down, tile.top + i / width, column, view.stride, 0, pixels + 3 * i);
      }
      return;
    }
    const int width = tile.right - tile.left;
    const int count = (tile.end_row - tile.first_row) * width;
    for (int i = lane; i < count; i += kLanes) {
      const std::uint8_t* row = source_at(view, tile.first_row + i / width, 0);
      weigh_pixels(view.across, column_of(view, tile.left + i % width), row, 3, 0, pixels + 3 * i);
    }
  }

  FASTPASS_HD static void resized_pixel(const GpuView& view, const Tile& tile, int y, int x,
                                        const std::uint8_t* pixels, std::uint8_t* rgb) {
    const int column = column_of(view, x);
    if (view.tile_rows == 0) return direct_pixel(view, y, column, rgb);
    if (view.is_vertical_first) {
      const int width = tile.end_column - tile.first_column;
      const std::uint8_t* row = pixels + std::int64_t{3} * (y - tile.top) * width;
      return weigh_pixels(view.across, column, row, 3, tile.first_column, rgb);
    }
    const int width = tile.right - tile.left;
    weigh_pixels(view.down, y, pixels + 3 * (x - tile.left), std::int64_t{3} * width,
                 tile.first_row, rgb);
  }

  // Both passes for one pixel alone.
  FASTPASS_HD static void direct_pixel(const GpuView& view, int y, int column, std::uint8_t* rgb) {
    const bool is_vertical_first = view.is_vertical_first;
    const GpuTaps& outer = is_vertical_first ? view.across : view.down;
    const int i = is_vertical_first ? column : y;
    PixelSums sums = {weighted_sum_start(), weighted_sum_start(), weighted_sum_start()};
    const std::int32_t* weight = outer.weights_of(i);
    for (int tap = 0; tap < outer.count[i]; ++tap, weight += outer.num_pixels) {
      const int at = outer.first[i] + tap;
      std::uint8_t inner[3];
      if (is_vertical_first) {
        weigh_pixels(view.down, y, source_at(view, 0, at), view.stride, 0, inner);
      } else {
        weigh_pixels(view.across, column, source_at(view, at, 0), 3, 0, inner);
      }
      add_weighted(sums, inner, *weight);
    }
    round_sums(sums, rgb);
  }

  FASTPASS_HD static void second_pass(const GpuView& view, const Tile& tile, int lane,
                                      Shared& shared) {
    const int width = tile.right - tile.left;
    const int count = (tile.bottom - tile.top) * width;
    unsigned int luma_sum = 0;
    for (int i = lane; i < count; i += kLanes) {
      const int y = tile.top + i / width;
      const int x = tile.left + i % width;
      std::uint8_t rgb[3];
      resized_pixel(view, tile, y, x, shared.pixels, rgb);
      for (int step = 0; step < view.color.num_before; ++step) {
        apply_step(view.color.before[step], &rgb[0], &rgb[1], &rgb[2]);
      }
      if (view.color.has_contrast) luma_sum += luma(rgb[0], rgb[1], rgb[2]);
      for (int channel = 0; channel < 3; ++channel) {
        if (view.has_scratch()) {
          *view.scratch_at(channel, y, x) = rgb[channel];
        } else {
          store_bits(view, channel, y, x, shared.tables[channel].bits[rgb[channel]]);
        }
      }
    }
    if (view.color.has_contrast) atomic_add(&shared.luma_sum, luma_sum);
  }
};

}  // namespace fastpass
