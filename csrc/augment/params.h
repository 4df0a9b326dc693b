// A view in numbers: what a recipe asks for (ViewSpec), and what was drawn for one sample from it
// (ViewParams).
#pragma once

#include <cstdint>

namespace fastpass {

enum class Interpolation : std::uint8_t { kBilinear, kBicubic };

// kRandomResized: torchvision's RandomResizedCrop. kCenter: short side to `resize`, then the
// centre `size` x `size` window (the usual evaluation transform).
enum class CropKind : std::uint8_t { kRandomResized, kCenter };

// kPillow: its GaussianBlur (blur.h). kGaussian: a sampled Gaussian of `blur_kernel_size` taps per
// axis, as torchvision's GaussianBlur (gaussian_blur.h).
enum class BlurKind : std::uint8_t { kPillow, kGaussian };

// What lies beyond the edge of a view. kReflect: the view mirrored, the edge pixel not repeated
// (torchvision). kZero: black, which darkens the edges (convolutions padded to "SAME").
enum class BlurBorder : std::uint8_t { kReflect, kZero };

struct ViewSpec {
  std::int32_t size = 224;  // output height and width, pixels
  CropKind crop = CropKind::kRandomResized;
  std::int32_t resize = 256;                 // kCenter only
  double scale_min = 0.08, scale_max = 1.0;  // of the source area
  double ratio_min = 3.0 / 4.0, ratio_max = 4.0 / 3.0;
  Interpolation interpolation = Interpolation::kBilinear;
  double flip_probability = 0.5;
  double jitter_probability = 0.0;
  double brightness = 0.0, contrast = 0.0, saturation = 0.0, hue = 0.0;
  double grayscale_probability = 0.0;
  double blur_probability = 0.0;
  double blur_sigma_min = 0.1, blur_sigma_max = 2.0;  // pixels of the view
  BlurKind blur_kind = BlurKind::kPillow;
  std::int32_t blur_kernel_size = 9;              // kGaussian only; odd, pixels
  BlurBorder blur_border = BlurBorder::kReflect;  // kGaussian only
  double solarize_probability = 0.0;
  std::int32_t solarize_threshold = 128;
  float mean[3] = {0.485f, 0.456f, 0.406f};
  float std[3] = {0.229f, 0.224f, 0.225f};
};

enum class JitterOp : std::uint8_t { kBrightness, kContrast, kSaturation, kHue };

struct ViewParams {
  // Source box, in source pixels; it is resized to resized_height x resized_width, and the view is
  // the size x size window of that at (window_top, window_left).
  std::int32_t top = 0, left = 0, height = 0, width = 0;
  std::int32_t resized_height = 0, resized_width = 0;
  std::int32_t window_top = 0, window_left = 0;
  bool is_flipped = false;
  bool has_jitter = false;
  JitterOp jitter_order[4] = {JitterOp::kBrightness, JitterOp::kContrast, JitterOp::kSaturation,
                              JitterOp::kHue};
  float brightness = 1.0f, contrast = 1.0f, saturation = 1.0f;  // factors
  float hue = 0.0f;                                             // turns, -0.5..0.5
  bool is_grayscale = false;
  float blur_sigma = 0.0f;  // 0: no blur
  bool is_solarized = false;
};

}  // namespace fastpass
