// Pillow's GaussianBlur: three passes per axis of an extended box filter.
//
// Gwosdek, Grewenig, Bruhn, Weickert, "Theoretical foundations of Gaussian convolution by extended
// box filtering", SSVM 2011: a box of 2 * radius + 1 pixels plus a fraction of one pixel on either
// end, so that the variance is sigma^2 / passes exactly. Borders repeat the edge pixel. Weights
// have 24 fractional bits; each pass rounds to uint8. All horizontal passes come first.
#pragma once

#include <cmath>
#include <cstdint>

#include "common/hd.h"

namespace fastpass {

constexpr int kBlurPasses = 3;
constexpr int kBlurBits = 24;
// Far beyond any recipe; keeps 255 * (2 * radius + 1) and the padding of a row small.
constexpr float kMaxBlurSigma = 256.0f;

struct BoxBlur {
  std::int32_t radius;       // whole pixels on either side of the middle one
  std::uint32_t box_weight;  // of each pixel in the box
  std::uint32_t end_weight;  // of the two pixels just outside
};

// Single precision where Pillow has it (see color_ops.h on contraction). sigma in pixels, > 0.
FASTPASS_HD inline BoxBlur make_box_blur(float sigma) {
  const float variance = sigma * sigma / kBlurPasses;
  const float length = static_cast<float>(sqrt(12.0 * variance + 1.0));
  const float whole = static_cast<float>(floor((length - 1.0) / 2.0));
  float fraction = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  fraction /= 6 * (variance - (whole + 1) * (whole + 1));
  const float reach = whole + fraction;

  BoxBlur blur{};
  blur.radius = static_cast<std::int32_t>(reach);
  constexpr std::uint32_t one = 1u << kBlurBits;
  blur.box_weight = static_cast<std::uint32_t>(one / (reach * 2 + 1));
  blur.end_weight = (one - static_cast<std::uint32_t>(blur.radius * 2 + 1) * blur.box_weight) / 2;
  return blur;
}

// box_sum: of the 2 * radius + 1 pixels; end_sum: of the two just outside.
FASTPASS_HD inline std::uint8_t blurred_pixel(const BoxBlur& blur, std::uint32_t box_sum,
                                              std::uint32_t end_sum) {
  constexpr std::uint32_t half = 1u << (kBlurBits - 1);
  return static_cast<std::uint8_t>((box_sum * blur.box_weight + end_sum * blur.end_weight + half) >>
                                   kBlurBits);
}

}  // namespace fastpass
