// CMYK as JPEG stores it (Adobe's inverted convention) to RGB, with Pillow's rounding.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// round(a * b / 255) for a, b in 0..255, in integers.
FASTPASS_HD inline int multiply_divide_255(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// One ink (inverted: 255 = no ink) under inverted black.
FASTPASS_HD inline std::uint8_t ink_to_light(int inverted_ink, int inverted_black) {
  return static_cast<std::uint8_t>(inverted_black -
                                   multiply_divide_255(255 - inverted_ink, inverted_black));
}

inline void cmyk_to_rgb_row(const std::uint8_t* cmyk, int width, std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    for (int channel = 0; channel < 3; ++channel)
      rgb[channel] = ink_to_light(cmyk[channel], cmyk[3]);
  }
}

}  // namespace fastpass
