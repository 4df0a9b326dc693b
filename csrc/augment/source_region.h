// The decoded part of an image from which views are rendered.
#pragma once

#include <cstdint>

#include "common/view.h"

namespace fastpass {

// `pixels` begin at (top, left) of the image scaled by 1 / scale_denominator. height and width are
// those of the whole image at full scale: boxes of views are given there.
struct SourceRegion {
  ImageView pixels;
  std::int32_t top = 0, left = 0;
  std::int32_t scale_denominator = 1;
  std::int32_t height = 0, width = 0;
};

inline SourceRegion whole_image(const ImageView& pixels) {
  return {pixels, 0, 0, 1, pixels.height, pixels.width};
}

}  // namespace fastpass
