// Color operations on one uint8 RGB pixel, equal to Pillow's (and so to torchvision's on PIL
// images). Each operation rounds to uint8, because the next one starts from there.
//
// Types matter: Pillow mixes float and double, and a different mix changes pixels. Build without
// contraction of a * b + c (-ffp-contract=off; nvcc: -fmad=false).
#pragma once

#include <cmath>
#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// ITU-R BT.601 luma in 16-bit fixed point.
FASTPASS_HD inline std::uint8_t luma(std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  return static_cast<std::uint8_t>((r * 19595u + g * 38470u + b * 7471u + 0x8000u) >> 16);
}

// (1 - factor) * from + factor * to, truncated; extrapolates for factor > 1.
// Brightness: from = 0. Contrast: from = the rounded mean luma. Saturation: from = the luma.
FASTPASS_HD inline std::uint8_t blend(std::uint8_t from, std::uint8_t to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<std::uint8_t>(value <= 0.0f ? 0.0f : value >= 255.0f ? 255.0f : value);
}

// The gray that contrast blends with: the mean luma of the view, half rounded up.
FASTPASS_HD inline std::uint8_t contrast_gray(std::uint64_t luma_sum, std::uint64_t num_pixels) {
  return static_cast<std::uint8_t>(static_cast<double>(luma_sum) / static_cast<double>(num_pixels) +
                                   0.5);
}

FASTPASS_HD inline std::uint8_t solarize(std::uint8_t value, std::int32_t threshold) {
  return value < threshold ? value : static_cast<std::uint8_t>(255 - value);
}

// A hue of `turns` in [-0.5, 0.5] as an offset modulo 256 of the 8-bit hue (whole turn: 255).
FASTPASS_HD inline std::int32_t hue_offset(float turns) {
  return static_cast<std::int32_t>(static_cast<double>(turns) * 255.0) & 255;
}

struct Hsv {
  std::int32_t h, s, v;
};

// What follows has no branches, so that a loop over pixels becomes SIMD code; values are 0..255.
FASTPASS_HD inline std::int32_t keep_if(bool condition, std::int32_t value) {
  return -static_cast<std::int32_t>(condition) & value;
}

// Pillow forms (high - channel) / chroma of two channels and subtracts. One of them is always the
// lowest channel, whose quotient is 1, so one division by chroma is enough: of the middle channel.
FASTPASS_HD inline Hsv rgb_to_hsv(std::int32_t r, std::int32_t g, std::int32_t b) {
  const std::int32_t rg_high = r > g ? r : g, rg_low = r > g ? g : r;
  const std::int32_t high = rg_high > b ? rg_high : b;
  const std::int32_t low = rg_low < b ? rg_low : b;
  const std::int32_t middle = r + g + b - high - low;
  const std::int32_t chroma = high - low;
  const float divisor = static_cast<float>(chroma > 0 ? chroma : 1);
  const double quotient = static_cast<float>(high - middle) / divisor;
  // The hue in sixths of a turn lies within one of that of the highest channel (0, 2, 4), on the
  // side of the middle one. Where two are highest, red comes before green before blue.
  const std::int32_t is_red = r == high;
  const std::int32_t is_green = (g == high) & (1 - is_red);
  const std::int32_t is_blue = 1 - is_red - is_green;
  const std::int32_t is_below =
      (is_red & (b != low)) | (is_green & (b == low)) | (is_blue & (r == low));
  const float sixths =
      static_cast<float>(2 * is_green + 4 * is_blue + (1 - 2 * is_below) * (1.0 - quotient));
  const double turns = sixths / 6.0 + 1.0;  // in [5/6, 11/6]; its fractional part is the hue
  const float hue = static_cast<float>(turns >= 1.0 ? turns - 1.0 : turns);
  const float saturation = static_cast<float>(chroma) / static_cast<float>(high > 0 ? high : 1);
  const std::int32_t h = static_cast<std::int32_t>(hue * 255.0);
  return {keep_if(chroma > 0, h), static_cast<std::int32_t>(saturation * 255.0), high};
}

FASTPASS_HD inline std::int32_t round_to_pixel(double value) {
  return static_cast<std::int32_t>(value + 0.5);
}

struct Rgb {
  std::int32_t r, g, b;
};

FASTPASS_HD inline Rgb hsv_to_rgb(std::int32_t h, std::int32_t s, std::int32_t v) {
  const double position = h * 6.0 / 255.0;  // 0..6
  const std::int32_t sector = static_cast<std::int32_t>(position);
  const float fraction = static_cast<float>(position - sector);
  const float saturation = static_cast<float>(s / 255.0);
  const std::int32_t p = round_to_pixel(v * (1.0 - saturation));
  const std::int32_t q = round_to_pixel(v * (1.0 - static_cast<double>(saturation * fraction)));
  const std::int32_t t = round_to_pixel(v * (1.0 - saturation * (1.0 - fraction)));
  // Sector 6 is red again. A saturation of 0 makes p, q and t equal to v.
  const bool is_0 = (sector == 0) | (sector == 6), is_1 = sector == 1, is_2 = sector == 2;
  const bool is_3 = sector == 3, is_4 = sector == 4, is_5 = sector == 5;
  return {keep_if(is_0 | is_5, v) | keep_if(is_1, q) | keep_if(is_2 | is_3, p) | keep_if(is_4, t),
          keep_if(is_1 | is_2, v) | keep_if(is_3, q) | keep_if(is_4 | is_5, p) | keep_if(is_0, t),
          keep_if(is_3 | is_4, v) | keep_if(is_5, q) | keep_if(is_0 | is_1, p) | keep_if(is_2, t)};
}

FASTPASS_HD inline Rgb shift_hue(std::int32_t r, std::int32_t g, std::int32_t b,
                                 std::int32_t offset) {
  const Hsv hsv = rgb_to_hsv(r, g, b);
  return hsv_to_rgb((hsv.h + offset) & 255, hsv.s, hsv.v);
}

}  // namespace fastpass
