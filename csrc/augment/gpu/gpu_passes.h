// The passes of a batch of views that BatchRenderer has planned, and what launches them.
#pragma once

#include <cstdint>
#include <memory>

#include "augment/gpu/gpu_blur.h"
#include "augment/gpu/gpu_color.h"
#include "augment/gpu/gpu_resize.h"
#include "common/gpu/device.h"
#include "common/status.h"

namespace fastpass {

// A pass without blocks is left out.
struct RenderPasses {
  int num_weigh_blocks = 0;
  WeighTaps weigh;
  int num_tile_blocks = 0;
  RenderTiles tiles;
  int num_contrast_blocks = 0;
  ContrastPixels contrast;
  int num_row_blocks = 0;
  BoxBlurLines<false> blur_rows;
  int num_column_blocks = 0;
  BoxBlurLines<true> blur_columns;
  int num_gaussian_blocks = 0;
  GaussianBlurRows gaussian;
  std::int64_t upload_bytes = 0;  // of what the passes read
};

// run(number of blocks, block program, what it does) for every pass, in the order in which they
// run.
template <typename Run>
Status for_each_pass(const RenderPasses& passes, const Run& run) {
  FASTPASS_RETURN_IF_ERROR(run(passes.num_weigh_blocks, passes.weigh, "weighing taps"));
  FASTPASS_RETURN_IF_ERROR(run(passes.num_tile_blocks, passes.tiles, "resizing"));
  FASTPASS_RETURN_IF_ERROR(run(passes.num_contrast_blocks, passes.contrast, "changing contrast"));
  FASTPASS_RETURN_IF_ERROR(run(passes.num_row_blocks, passes.blur_rows, "blurring rows"));
  FASTPASS_RETURN_IF_ERROR(run(passes.num_column_blocks, passes.blur_columns, "blurring columns"));
  return run(passes.num_gaussian_blocks, passes.gaussian, "blurring with a Gaussian");
}

// Launches the passes of one planned batch of views; does not wait for them.
class RenderKernels {
 public:
  virtual ~RenderKernels() = default;
  virtual Status run(const RenderPasses& passes, Stream stream) = 0;
};

// On a CUDA GPU; part of the module _cuda only.
std::unique_ptr<RenderKernels> make_cuda_render_kernels(int ordinal);
// On the CPU in the place of a GPU (shuffled.h), safe from any thread. `seed`: of the order in
// which lanes run.
std::unique_ptr<RenderKernels> make_twin_render_kernels(std::uint64_t seed);

}  // namespace fastpass
