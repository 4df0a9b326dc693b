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

struct Rgb {
  std::uint8_t r, g, b;
};

struct Hsv {
  std::uint8_t h, s, v;
};

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
FASTPASS_HD inline std::uint8_t hue_offset(float turns) {
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(static_cast<double>(turns) * 255.0));
}

FASTPASS_HD inline Hsv rgb_to_hsv(Rgb pixel) {
  const int r = pixel.r, g = pixel.g, b = pixel.b;
  const int high = r > g ? (r > b ? r : b) : (g > b ? g : b);
  const int low = r < g ? (r < b ? r : b) : (g < b ? g : b);
  if (high == low) return {0, 0, static_cast<std::uint8_t>(high)};
  const float chroma = static_cast<float>(high - low);
  const float from_r = static_cast<float>(high - r) / chroma;
  const float from_g = static_cast<float>(high - g) / chroma;
  const float from_b = static_cast<float>(high - b) / chroma;
  float sextant;
  if (r == high) {
    sextant = from_b - from_g;
  } else if (g == high) {
    sextant = static_cast<float>(2.0 + from_r - from_b);
  } else {
    sextant = static_cast<float>(4.0 + from_g - from_r);
  }
  double turn = sextant / 6.0 + 1.0;  // in [5/6, 11/6]; its fractional part is the hue
  if (turn >= 1.0) turn -= 1.0;
  const float saturation = chroma / static_cast<float>(high);
  return {static_cast<std::uint8_t>(static_cast<float>(turn) * 255.0),
          static_cast<std::uint8_t>(saturation * 255.0), static_cast<std::uint8_t>(high)};
}

FASTPASS_HD inline std::uint8_t round_to_pixel(double value) {
  return static_cast<std::uint8_t>(value + 0.5);
}

FASTPASS_HD inline Rgb hsv_to_rgb(Hsv pixel) {
  const std::uint8_t v = pixel.v;
  if (pixel.s == 0) return {v, v, v};
  const double position = pixel.h * 6.0 / 255.0;  // 0..6
  const int sector = static_cast<int>(position);
  const float fraction = static_cast<float>(position - sector);
  const float saturation = static_cast<float>(pixel.s / 255.0);
  const std::uint8_t p = round_to_pixel(v * (1.0 - saturation));
  const std::uint8_t q = round_to_pixel(v * (1.0 - static_cast<double>(saturation * fraction)));
  const std::uint8_t t = round_to_pixel(v * (1.0 - saturation * (1.0 - fraction)));
  switch (sector) {
    case 1:
      return {q, v, p};
    case 2:
      return {p, v, t};
    case 3:
      return {p, q, v};
    case 4:
      return {t, p, v};
    case 5:
      return {v, p, q};
    default:
      return {v, t, p};  // 0, and 6: red again
  }
}

FASTPASS_HD inline Rgb shift_hue(Rgb pixel, std::uint8_t offset) {
  Hsv hsv = rgb_to_hsv(pixel);
  hsv.h = static_cast<std::uint8_t>(hsv.h + offset);
  return hsv_to_rgb(hsv);
}

}  // namespace fastpass
