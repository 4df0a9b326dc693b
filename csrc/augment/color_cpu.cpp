#include "augment/color_cpu.h"

#include <algorithm>

#include "augment/color_ops.h"
#include "common/multiversion.h"

namespace fastpass {
namespace {

// Brightness and contrast blend with one gray: 256 possible results.
void blend_with_gray(std::uint8_t gray, float factor, std::size_t num_pixels,
                     std::uint8_t* pixels) {
  std::uint8_t table[256];
  for (int value = 0; value < 256; ++value) {
    table[value] = blend(gray, static_cast<std::uint8_t>(value), factor);
  }
  for (std::size_t i = 0; i < num_pixels * 3; ++i) pixels[i] = table[pixels[i]];
}

std::uint8_t mean_gray(std::size_t num_pixels, const std::uint8_t* pixels) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < num_pixels; ++i, pixels += 3) {
    sum += luma(pixels[0], pixels[1], pixels[2]);
  }
  return contrast_gray(sum, num_pixels);
}

void apply_saturation(float factor, std::size_t num_pixels, std::uint8_t* pixels) {
  for (std::size_t i = 0; i < num_pixels; ++i, pixels += 3) {
    const std::uint8_t gray = luma(pixels[0], pixels[1], pixels[2]);
    for (int channel = 0; channel < 3; ++channel) {
      pixels[channel] = blend(gray, pixels[channel], factor);
    }
  }
}

// Planes of int32 in blocks that stay in the first cache: what compilers turn into SIMD code.
constexpr int kBlock = 256;

FASTPASS_AVX2_CLONE
void shift_hue_of_block(std::int32_t offset, std::int32_t* r, std::int32_t* g, std::int32_t* b) {
  for (int i = 0; i < kBlock; ++i) {
    const Rgb shifted = shift_hue(r[i], g[i], b[i], offset);
    r[i] = shifted.r;
    g[i] = shifted.g;
    b[i] = shifted.b;
  }
}

void apply_hue(std::int32_t offset, std::size_t num_pixels, std::uint8_t* pixels) {
  std::int32_t planes[3][kBlock] = {};
  for (std::size_t first = 0; first < num_pixels; first += kBlock, pixels += kBlock * 3) {
    const int count = static_cast<int>(std::min<std::size_t>(kBlock, num_pixels - first));
    for (int i = 0; i < count; ++i) {
      for (int channel = 0; channel < 3; ++channel) planes[channel][i] = pixels[i * 3 + channel];
    }
    shift_hue_of_block(offset, planes[0], planes[1], planes[2]);
    for (int i = 0; i < count; ++i) {
      for (int channel = 0; channel < 3; ++channel) {
        pixels[i * 3 + channel] = static_cast<std::uint8_t>(planes[channel][i]);
      }
    }
  }
}

}  // namespace

void apply_jitter(const ViewParams& params, std::size_t num_pixels, std::uint8_t* pixels) {
  for (const JitterOp op : params.jitter_order) {
    switch (op) {
      case JitterOp::kBrightness:
        if (params.brightness != 1.0f) blend_with_gray(0, params.brightness, num_pixels, pixels);
        break;
      case JitterOp::kContrast:
        if (params.contrast != 1.0f) {
          blend_with_gray(mean_gray(num_pixels, pixels), params.contrast, num_pixels, pixels);
        }
        break;
      case JitterOp::kSaturation:
        if (params.saturation != 1.0f) apply_saturation(params.saturation, num_pixels, pixels);
        break;
      case JitterOp::kHue:
        // Not where the offset rounds to 0: the way through 8-bit HSV changes pixels by itself.
        if (params.hue != 0.0f) apply_hue(hue_offset(params.hue), num_pixels, pixels);
        break;
    }
  }
}

void apply_grayscale(std::size_t num_pixels, std::uint8_t* pixels) {
  for (std::size_t i = 0; i < num_pixels; ++i, pixels += 3) {
    pixels[0] = pixels[1] = pixels[2] = luma(pixels[0], pixels[1], pixels[2]);
  }
}

void apply_solarize(std::int32_t threshold, std::size_t num_pixels, std::uint8_t* pixels) {
  for (std::size_t i = 0; i < num_pixels * 3; ++i) pixels[i] = solarize(pixels[i], threshold);
}

}  // namespace fastpass
