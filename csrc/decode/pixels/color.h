// YCbCr (JFIF: BT.601, full range) and its inverted sibling YCCK to RGB, in 16-bit fixed point.
#pragma once

#include <cstdint>

#include "common/hd.h"
#include "decode/pixels/cmyk.h"

namespace fastpass {

FASTPASS_HD inline std::uint8_t clamp_to_byte(int value) {
  return static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

FASTPASS_HD inline void ycc_to_rgb_at(int y, int cb, int cr, std::uint8_t* rgb) {
  cb -= 128;
  cr -= 128;
  rgb[0] = clamp_to_byte(y + ((91881 * cr + 32768) >> 16));                // 1.40200
  rgb[1] = clamp_to_byte(y + ((-22554 * cb - 46802 * cr + 32768) >> 16));  // 0.34414, 0.71414
  rgb[2] = clamp_to_byte(y + ((116130 * cb + 32768) >> 16));               // 1.77200
}

// Three inks in place of red, green, blue, and their black, all inverted (255 = no ink).
FASTPASS_HD inline void inks_to_rgb_at(std::uint8_t* rgb, int black) {
  for (int channel = 0; channel < 3; ++channel) rgb[channel] = ink_to_light(rgb[channel], black);
}

// YCCK: the YCC of the inverse of the inks, and black as in CMYK.
FASTPASS_HD inline void ycck_to_rgb_at(int y, int cb, int cr, int black, std::uint8_t* rgb) {
  ycc_to_rgb_at(y, cb, cr, rgb);
  for (int channel = 0; channel < 3; ++channel)
    rgb[channel] = static_cast<std::uint8_t>(255 - rgb[channel]);
  inks_to_rgb_at(rgb, black);
}

}  // namespace fastpass
