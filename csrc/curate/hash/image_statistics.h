// Numbers by which images are sorted and filtered.
#pragma once

#include <cstdint>

#include "common/view.h"
#include "curate/hash/luma_image.h"

namespace fastpass {

struct ImageStatistics {
  float brightness = 0;  // mean luma, 0 to 255
  float entropy = 0;     // of the histogram of luma, bits: 0 to 8
  float laplacian_variance =
      0;                 // of the luma's Laplacian inside the image: low where it is blurred
  float saturation = 0;  // mean of (max - min) / max of the channels, 0 to 1
  bool is_single_color = false;  // every pixel the same
};

// `gray` is the luma of `rgb`.
ImageStatistics measure_image(const ImageView& rgb, const GrayImage& gray);

}  // namespace fastpass
