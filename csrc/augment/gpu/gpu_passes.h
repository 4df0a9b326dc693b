// The passes of a batch of views that BatchRenderer has planned, in the order in which they run; a
// pass without blocks is left out.
#pragma once

#include <cstdint>

#include "augment/gpu/gpu_blur.h"
#include "augment/gpu/gpu_color.h"
#include "augment/gpu/gpu_resize.h"

namespace fastpass {

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

}  // namespace fastpass
