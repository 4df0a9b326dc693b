// Contrast and the color steps after it, on a device, for views whose mean luma is known by then.
#pragma once

#include <cstdint>

#include "augment/color_steps.h"
#include "augment/gpu/gpu_view.h"
#include "common/gpu/block_program.h"
#include "common/gpu/item_of.h"
#include "common/hd.h"

namespace fastpass {

struct ContrastPixels {
  static constexpr int kLanes = 256;

  const GpuView* views;
  const std::int32_t* view_of;      // [task]
  const std::int32_t* first_block;  // [task]
  int num_tasks;

  std::int64_t shared_bytes() const { return 0; }
  FASTPASS_HD static int num_blocks(int size) {
    return static_cast<int>((std::int64_t{size} * size + kLanes - 1) / kLanes);
  }
  FASTPASS_HD bool has_step(int, int step, const std::uint8_t*) const { return step == 0; }

  FASTPASS_HD void run(int block, int, int lane, std::uint8_t*) const {
    const int task = item_of(first_block, num_tasks, block);
    const GpuView& view = views[view_of[task]];
    const std::int64_t place = std::int64_t{block - first_block[task]} * kLanes + lane;
    if (place >= view.num_pixels()) return;
    const int y = static_cast<int>(place / view.size);
    const int x = static_cast<int>(place % view.size);
    std::uint8_t rgb[3];
    for (int channel = 0; channel < 3; ++channel) rgb[channel] = *view.scratch_at(channel, y, x);
    for (int step = 0; step < view.color.num_after; ++step) {
      ColorStep own = view.color.after[step];
      if (step == 0) {
        own.gray = contrast_gray(*view.luma_sum, static_cast<std::uint64_t>(view.num_pixels()));
      }
      apply_step(own, &rgb[0], &rgb[1], &rgb[2]);
    }
    for (int channel = 0; channel < 3; ++channel) {
      if (view.blur != ViewBlur::kNone) {
        *view.scratch_at(channel, y, x) = rgb[channel];
      } else {
        store_value(view, channel, y, x, rgb[channel]);
      }
    }
  }
};

}  // namespace fastpass
