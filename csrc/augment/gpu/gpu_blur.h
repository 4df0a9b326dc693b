// Both kinds of blur on a device, out of scratch; the last pass stores the finished view.
#pragma once

#include <cstdint>

#include "augment/blur.h"
#include "augment/gaussian_blur.h"
#include "augment/gpu/gpu_view.h"
#include "common/gpu/block_program.h"
#include "common/gpu/item_of.h"
#include "common/hd.h"

namespace fastpass {

// One output of the box filter, from a line of `size` pixels `step` bytes apart.
FASTPASS_HD inline std::uint8_t box_blur_at(const BoxBlur& blur, const std::uint8_t* line, int size,
                                            int step, int place) {
  const auto at = [&](int i) {
    const int inside = i < 0 ? 0 : i < size ? i : size - 1;
    return std::uint32_t{line[inside * step]};
  };
  std::uint32_t sum = 0;
  for (int i = place - blur.radius; i <= place + blur.radius; ++i) sum += at(i);
  return blurred_pixel(blur, sum, at(place - blur.radius - 1) + at(place + blur.radius + 1));
}

// Pillow's blur along one axis: lines of a view go into shared memory and through three passes of
// the box filter there. Rows come first and go back to scratch; columns end in the finished view.
template <bool kIsColumns>
struct BoxBlurLines {
  static constexpr int kLanes = 256;
  static constexpr std::int64_t kBlockBytes = 32 * 1024;

  const GpuView* views;
  const std::int32_t* view_of;      // [task]
  const std::int32_t* first_block;  // [task]
  int num_tasks;
  std::int64_t num_line_bytes;  // of the most that a block holds, once

  // Of a channel, per block; neighboring columns, since their pixels lie side by side.
  FASTPASS_HD static int num_lines(int size) {
    const int most = static_cast<int>(kBlockBytes / 2) / size;
    return most < 1 ? 1 : most > 32 ? 32 : most;
  }
  FASTPASS_HD static int blocks_per_channel(int size) {
    return (size + num_lines(size) - 1) / num_lines(size);
  }
  static std::int64_t line_bytes(int size) { return std::int64_t{num_lines(size)} * size; }

  std::int64_t shared_bytes() const { return 2 * num_line_bytes; }
  FASTPASS_HD bool has_step(int, int step, const std::uint8_t*) const {
    return step <= kBlurPasses;
  }

  FASTPASS_HD void run(int block, int step, int lane, std::uint8_t* memory) const {
    const int task = item_of(first_block, num_tasks, block);
    const GpuView& view = views[view_of[task]];
    const int within = block - first_block[task];
    const int channel = within / blocks_per_channel(view.size);
    const int first = within % blocks_per_channel(view.size) * num_lines(view.size);
    const int left = view.size - first;
    const int count = left < num_lines(view.size) ? left : num_lines(view.size);
    const std::uint8_t* from = memory + (step % 2 == 0 ? num_line_bytes : 0);
    std::uint8_t* to = memory + (step % 2 == 0 ? 0 : num_line_bytes);
    // Shared memory holds the lines as scratch does: pixels that are neighbors there are here.
    const int width = kIsColumns ? count : view.size;
    for (int i = lane; i < count * view.size; i += kLanes) {
      const int y = i / width, x = i % width;
      const int view_y = kIsColumns ? y : first + y;
      const int view_x = kIsColumns ? first + x : x;
      if (step == 0) {
        to[i] = *view.scratch_at(channel, view_y, view_x);
        continue;
      }
      const std::uint8_t* line = kIsColumns ? from + x : from + y * width;
      const std::uint8_t pixel =
          box_blur_at(view.box_blur, line, view.size, kIsColumns ? width : 1, kIsColumns ? y : x);
      if (step < kBlurPasses) {
        to[i] = pixel;
      } else if (kIsColumns) {
        store_value(view, channel, view_y, view_x, pixel);
      } else {
        *view.scratch_at(channel, view_y, view_x) = pixel;
      }
    }
  }
};

// torchvision's blur: sums of a row over y, as floats in shared memory; then over x.
struct GaussianBlurRows {
  static constexpr int kLanes = 256;

  const GpuView* views;
  const std::int32_t* view_of;      // [task]
  const std::int32_t* first_block;  // [task]
  int num_tasks;
  std::int64_t num_row_bytes;  // of the widest view

  static std::int64_t row_bytes(int size) { return std::int64_t{sizeof(float)} * size; }
  FASTPASS_HD static int num_blocks(int size) { return 3 * size; }

  std::int64_t shared_bytes() const { return num_row_bytes; }
  FASTPASS_HD bool has_step(int, int step, const std::uint8_t*) const { return step < 2; }

  FASTPASS_HD void run(int block, int step, int lane, std::uint8_t* memory) const {
    const int task = item_of(first_block, num_tasks, block);
    const GpuView& view = views[view_of[task]];
    const int within = block - first_block[task];
    const int channel = within / view.size;
    const int y = within % view.size;
    auto* sums = reinterpret_cast<float*>(memory);
    const GaussianBlur& blur = view.gaussian_blur;
    for (int x = lane; x < view.size; x += kLanes) {
      if (step == 0) {
        const auto pixel = [&](int row) {
          return static_cast<float>(*view.scratch_at(channel, row, x));
        };
        sums[x] = weigh(blur, view.size, y, pixel);
      } else {
        const auto sum = [&](int column) { return sums[column]; };
        store_value(view, channel, y, x, rounded_pixel(weigh(blur, view.size, x, sum)));
      }
    }
  }

 private:
  // In the order of GaussianBlurrer: the middle, then pairs outwards.
  template <typename Value>
  FASTPASS_HD static float weigh(const GaussianBlur& blur, int size, int place,
                                 const Value& value) {
    const auto at = [&](int i) {
      if (blur.border == BlurBorder::kReflect) return value(reflected(i, size));
      return i < 0 || i >= size ? 0.0f : value(i);
    };
    float sum = at(place) * blur.weights[0];
    for (int distance = 1; distance <= blur.radius; ++distance) {
      sum += (at(place - distance) + at(place + distance)) * blur.weights[distance];
    }
    return sum;
  }
};

}  // namespace fastpass
