// Gray images, as the two families of hashes want them.
#pragma once

#include <cstdint>
#include <vector>

#include "common/view.h"

namespace fastpass {

// PDQ's: 0.299 R + 0.587 G + 0.114 B in double, rounded to float.
inline float pdq_luma(const std::uint8_t* rgb) {
  return static_cast<float>(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]);
}

// Pillow's mode "L": the same weights in 16-bit fixed point, rounded.
inline std::uint8_t pillow_luma(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >>
                                   16);
}

// Bytes without gaps between the rows; its memory is reused.
struct GrayImage {
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> pixels;

  void assign(const ImageView& rgb);
  const std::uint8_t* row(int y) const {
    return pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }
};

}  // namespace fastpass
