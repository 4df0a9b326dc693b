// torchvision's GaussianBlur: a Gaussian sampled at the pixels of a window, normalised to a sum of
// 1, once along each axis. Sums are floats; only the end result is rounded to uint8, half to even.
#pragma once

#include <cmath>
#include <cstdint>

#include "augment/params.h"
#include "common/hd.h"

namespace fastpass {

constexpr std::int32_t kMinGaussianKernel = 3;
constexpr std::int32_t kMaxGaussianKernel = 63;

struct GaussianBlur {
  std::int32_t radius;  // pixels on either side of the middle one that matter
  BlurBorder border;
  float weights[kMaxGaussianKernel / 2 + 1];  // by distance from the middle pixel, 0..radius
};

// sigma in pixels, > 0; kernel_size odd, kMinGaussianKernel..kMaxGaussianKernel pixels. A small
// sigma leaves far pixels with weights that no sum of floats up to 255 can notice; they are cut
// off, for speed: as denormal numbers they would even be the slowest.
FASTPASS_HD inline GaussianBlur make_gaussian_blur(float sigma, std::int32_t kernel_size,
                                                   BlurBorder border) {
  constexpr double least_weight = 1e-8;
  double exact[kMaxGaussianKernel / 2 + 1];
  double sum = 0.0;
  for (std::int32_t distance = 0; distance <= kernel_size / 2; ++distance) {
    const double x = static_cast<double>(distance) / static_cast<double>(sigma);
    exact[distance] = exp(-0.5 * x * x);
    sum += distance == 0 ? exact[distance] : 2.0 * exact[distance];
  }
  GaussianBlur blur{};
  blur.border = border;
  for (std::int32_t distance = 0; distance <= kernel_size / 2; ++distance) {
    const double weight = exact[distance] / sum;
    if (weight < least_weight) break;
    blur.weights[distance] = static_cast<float>(weight);
    blur.radius = distance;
  }
  return blur;
}

// The place in [0, size) that a place up to size - 1 pixels outside shows.
FASTPASS_HD inline std::int32_t reflected(std::int32_t place, std::int32_t size) {
  const std::int32_t inside = place < 0 ? -place : place;
  return inside < size ? inside : 2 * (size - 1) - inside;
}

// value in [0, 255.5). Floats from 1.5 * 2^23 on have no fraction, so the sum rounds half to even;
// unlike rint() this is two additions on every machine.
FASTPASS_HD inline std::uint8_t rounded_pixel(float value) {
  constexpr float no_fraction = 12582912.0f;
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(value + no_fraction - no_fraction));
}

}  // namespace fastpass
