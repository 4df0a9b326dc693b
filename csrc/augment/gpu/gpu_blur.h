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

// Pixels of a line, `step` bytes apart; beyond its ends there are more of the pixel at the end.
struct BlurLine {
  const std::uint8_t* pixels;
  int size;
  int step;

  FASTPASS_HD std::uint32_t at(int i) const {
    const int inside = i < 0 ? 0 : i < size ? i : size - 1;
    return pixels[inside * step];
  }
};

// The outputs of the box filter from place `begin` on, one after the other: all pixels that an
// output looks at stay in registers. A radius of 0 or 1 is what recipes draw.
template <int kRadius>
class NarrowWindow {
 public:
  FASTPASS_HD NarrowWindow(const BoxBlur&, const BlurLine& line, int begin) {
    for (int k = 1; k < kWidth; ++k) seen_[k] = line.at(begin - kRadius - 2 + k);
  }
  FASTPASS_HD std::uint8_t next(const BoxBlur& blur, const BlurLine& line, int place) {
    for (int k = 1; k < kWidth; ++k) seen_[k - 1] = seen_[k];
    seen_[kWidth - 1] = line.at(place + kRadius + 1);
    std::uint32_t sum = 0;
    for (int k = 1; k < kWidth - 1; ++k) sum += seen_[k];
    return blurred_pixel(blur, sum, seen_[0] + seen_[kWidth - 1]);
  }

 private:
  static constexpr int kWidth = 2 * kRadius + 3;
  std::uint32_t seen_[kWidth];
};

// The same for any radius: the sum of the box moves along.
class WideWindow {
 public:
  FASTPASS_HD WideWindow(const BoxBlur& blur, const BlurLine& line, int begin) : sum_(0) {
    for (int i = begin - blur.radius; i <= begin + blur.radius; ++i) sum_ += line.at(i);
  }
  FASTPASS_HD std::uint8_t next(const BoxBlur& blur, const BlurLine& line, int place) {
    const std::uint32_t entering = line.at(place + blur.radius + 1);
    const std::uint8_t pixel =
        blurred_pixel(blur, sum_, line.at(place - blur.radius - 1) + entering);
    sum_ += entering - line.at(place - blur.radius);
    return pixel;
  }

 private:
  std::uint32_t sum_;
};

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

  std::int64_t shared_bytes() const { return kTableBytes + 2 * num_line_bytes; }
  FASTPASS_HD bool has_step(int, int step, const std::uint8_t*) const {
    return step <= kBlurPasses;
  }

  FASTPASS_HD void run(int block, int step, int lane, std::uint8_t* memory) const {
    const int task = item_of(first_block, num_tasks, block);
    const GpuView& view = views[view_of[task]];
    const int within = block - first_block[task];
    const int first = within % blocks_per_channel(view.size) * num_lines(view.size);
    const int left = view.size - first;
    const Lines lines = {&view, within / blocks_per_channel(view.size), first,
                         left < num_lines(view.size) ? left : num_lines(view.size)};
    std::uint8_t* pixels = memory + kTableBytes;
    const std::uint8_t* from = pixels + (step % 2 == 0 ? num_line_bytes : 0);
    std::uint8_t* to = pixels + (step % 2 == 0 ? 0 : num_line_bytes);
    if (step == 0) {
      if (kIsColumns) {
        shared_as<StoreTable>(memory).fill(view.format, lines.channel, lane, kLanes);
      }
      load(lines, lane, to);
    } else if (view.box_blur.radius == 0) {
      blur_lines<NarrowWindow<0>>(lines, step, lane, from, to, memory);
    } else if (view.box_blur.radius == 1) {
      blur_lines<NarrowWindow<1>>(lines, step, lane, from, to, memory);
    } else {
      blur_lines<WideWindow>(lines, step, lane, from, to, memory);
    }
  }

 private:
  static constexpr int kTableBytes = kIsColumns ? sizeof(StoreTable) : 0;
  // Places of a line that a lane computes one after the other.
  static constexpr int kRun = 8;

  // Those of a block. Shared memory holds them as scratch does: pixels that are neighbors there
  // are here.
  struct Lines {
    const GpuView* view;
    int channel;
    int first;
    int count;
  };

  FASTPASS_HD static void load(const Lines& lines, int lane, std::uint8_t* to) {
    const int size = lines.view->size;
    if (!kIsColumns) {
      const std::uint8_t* from = lines.view->scratch_at(lines.channel, lines.first, 0);
      for (int i = lane; i < lines.count * size; i += kLanes) to[i] = from[i];
      return;
    }
    const std::uint8_t* from = lines.view->scratch_at(lines.channel, 0, lines.first);
    const int rows_on = kLanes / lines.count, columns_on = kLanes % lines.count;
    int y = lane / lines.count, x = lane % lines.count;
    for (int i = lane; i < lines.count * size; i += kLanes) {
      to[i] = from[std::int64_t{y} * size + x];
      x += columns_on;
      const bool is_over = x >= lines.count;
      x -= is_over ? lines.count : 0;
      y += rows_on + (is_over ? 1 : 0);
    }
  }

  template <typename Window>
  FASTPASS_HD static void blur_lines(const Lines& lines, int step, int lane,
                                     const std::uint8_t* from, std::uint8_t* to,
                                     const std::uint8_t* memory) {
    const GpuView& view = *lines.view;
    const int size = view.size;
    const BoxBlur blur = view.box_blur;
    const int num_runs = (size + kRun - 1) / kRun;
    for (int i = lane; i < num_runs * lines.count; i += kLanes) {
      const int at = kIsColumns ? i % lines.count : i / num_runs;
      const int begin = (kIsColumns ? i / lines.count : i % num_runs) * kRun;
      const int end = begin + kRun < size ? begin + kRun : size;
      const int origin = kIsColumns ? at : at * size;
      const BlurLine line = {from + origin, size, kIsColumns ? lines.count : 1};
      std::uint8_t* scratch =
          kIsColumns ? nullptr : view.scratch_at(lines.channel, lines.first + at, 0);
      Window window(blur, line, begin);
      for (int place = begin; place < end; ++place) {
        const std::uint8_t pixel = window.next(blur, line, place);
        if (step < kBlurPasses) {
          to[origin + place * line.step] = pixel;
        } else if (kIsColumns) {
          store_bits(view, lines.channel, place, lines.first + at,
                     shared_as<StoreTable>(memory).bits[pixel]);
        } else {
          scratch[place] = pixel;
        }
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
