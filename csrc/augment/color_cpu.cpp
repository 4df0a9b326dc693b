#include "augment/color_cpu.h"

#include "augment/color_ops.h"

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

void apply_hue(std::uint8_t offset, std::size_t num_pixels, std::uint8_t* pixels) {
  for (std::size_t i = 0; i < num_pixels; ++i, pixels += 3) {
    const Rgb shifted = shift_hue({pixels[0], pixels[1], pixels[2]}, offset);
    pixels[0] = shifted.r;
    pixels[1] = shifted.g;
    pixels[2] = shifted.b;
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
