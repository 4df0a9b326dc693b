#include "augment/check.h"

#include <cmath>
#include <limits>
#include <sstream>

#include "augment/blur.h"
#include "augment/gaussian_blur.h"

namespace fastpass {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename Value>
Status refuse(const char* name, Value value, const std::string& wanted) {
  std::ostringstream message;
  message << name << " = " << value << ", wanted " << wanted;
  return Status(Fault::kBadArgument, message.str());
}

// A comparison with NaN is false, so NaN is refused as well.
template <typename Value>
Status check_range(const char* name, Value value, Value low, Value high) {
  if (value >= low && value <= high) return {};
  std::ostringstream wanted;
  wanted << "a number in [" << low << ", " << high << "]";
  return refuse(name, value, wanted.str());
}

Status check_finite(const char* name, double value) {
  return std::isfinite(value) ? Status() : refuse(name, value, "a finite number");
}

Status check_positive(const char* name, double value) {
  return value > 0 && value < kInfinity ? Status() : refuse(name, value, "a finite number > 0");
}

Status check_strength(const char* name, double value) {
  return value >= 0 && value <= 1e6 ? Status() : refuse(name, value, "a number in [0, 1e6]");
}

Status check_crop(const ViewSpec& spec) {
  FASTPASS_RETURN_IF_ERROR(check_range("size", spec.size, 1, kMaxViewSize));
  if (spec.crop == CropKind::kCenter) {
    return check_range("resize (not below size)", spec.resize, spec.size, kMaxViewSize);
  }
  FASTPASS_RETURN_IF_ERROR(check_positive("scale_min", spec.scale_min));
  FASTPASS_RETURN_IF_ERROR(check_range("scale_max", spec.scale_max, spec.scale_min, 1.0));
  FASTPASS_RETURN_IF_ERROR(check_positive("ratio_min", spec.ratio_min));
  FASTPASS_RETURN_IF_ERROR(check_positive("ratio_max", spec.ratio_max));
  return check_range("ratio_max", spec.ratio_max, spec.ratio_min, kInfinity);
}

Status check_probabilities(const ViewSpec& spec) {
  FASTPASS_RETURN_IF_ERROR(check_range("flip_probability", spec.flip_probability, 0.0, 1.0));
  FASTPASS_RETURN_IF_ERROR(check_range("jitter_probability", spec.jitter_probability, 0.0, 1.0));
  FASTPASS_RETURN_IF_ERROR(
      check_range("grayscale_probability", spec.grayscale_probability, 0.0, 1.0));
  FASTPASS_RETURN_IF_ERROR(check_range("blur_probability", spec.blur_probability, 0.0, 1.0));
  return check_range("solarize_probability", spec.solarize_probability, 0.0, 1.0);
}

Status check_blur(const ViewSpec& spec) {
  FASTPASS_RETURN_IF_ERROR(
      check_range<double>("blur_sigma_min", spec.blur_sigma_min, 0.0, kMaxBlurSigma));
  FASTPASS_RETURN_IF_ERROR(check_range<double>("blur_sigma_max", spec.blur_sigma_max,
                                               spec.blur_sigma_min, kMaxBlurSigma));
  if (spec.blur_kind != BlurKind::kGaussian) return {};
  const std::int32_t kernel_size = spec.blur_kernel_size;
  if (kernel_size < kMinGaussianKernel || kernel_size > kMaxGaussianKernel ||
      kernel_size % 2 == 0) {
    return refuse("blur_kernel_size", kernel_size, "an odd number in [3, 63]");
  }
  if (spec.blur_border == BlurBorder::kReflect && spec.size <= kernel_size / 2) {
    return refuse("size", spec.size,
                  "more than half of blur_kernel_size = " + std::to_string(kernel_size) +
                      ", because the border reflects");
  }
  return {};
}

Status check_jitter_order(const JitterOp order[4]) {
  unsigned seen = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned op = static_cast<unsigned>(order[i]);
    if (op > 3 || seen >> op & 1) {
      return refuse("jitter_order", op, "each of the four operations once");
    }
    seen |= 1u << op;
  }
  return {};
}

Status check_window(const char* resized_name, std::int32_t resized, const char* first_name,
                    std::int32_t first, std::int32_t size) {
  FASTPASS_RETURN_IF_ERROR(
      check_range(resized_name, resized, size, std::numeric_limits<std::int32_t>::max()));
  return check_range(first_name, first, 0, resized - size);
}

Status check_box(const char* name, std::int32_t first, std::int32_t size, std::int32_t whole) {
  if (first >= 0 && size >= 1 && size <= whole && first <= whole - size) return {};
  return refuse(
      name, std::to_string(first) + " + " + std::to_string(size),
      "a box of at least one pixel inside the " + std::to_string(whole) + " pixels of the source");
}

// The box, at the source's scale, lies within the rows or columns that were decoded.
Status check_decoded(const char* name, std::int32_t first, std::int32_t size,
                     std::int32_t decoded_first, std::int32_t num_decoded,
                     std::int32_t denominator) {
  const std::int32_t end = (first + size - 1) / denominator + 1;
  if (first / denominator >= decoded_first && end <= decoded_first + num_decoded) return {};
  return refuse(name, std::to_string(first) + " + " + std::to_string(size),
                "a box inside the decoded region: " + std::to_string(decoded_first) + " + " +
                    std::to_string(num_decoded) + " at 1/" + std::to_string(denominator));
}

}  // namespace

Status check_spec(const ViewSpec& spec) {
  FASTPASS_RETURN_IF_ERROR(check_crop(spec));
  FASTPASS_RETURN_IF_ERROR(check_probabilities(spec));
  FASTPASS_RETURN_IF_ERROR(check_strength("brightness", spec.brightness));
  FASTPASS_RETURN_IF_ERROR(check_strength("contrast", spec.contrast));
  FASTPASS_RETURN_IF_ERROR(check_strength("saturation", spec.saturation));
  FASTPASS_RETURN_IF_ERROR(check_range("hue", spec.hue, 0.0, 0.5));
  FASTPASS_RETURN_IF_ERROR(check_blur(spec));
  FASTPASS_RETURN_IF_ERROR(check_range("solarize_threshold", spec.solarize_threshold, 0, 256));
  for (int channel = 0; channel < 3; ++channel) {
    FASTPASS_RETURN_IF_ERROR(check_finite("mean", spec.mean[channel]));
    FASTPASS_RETURN_IF_ERROR(check_positive("std", spec.std[channel]));
  }
  return {};
}

Status check_source_size(std::int64_t height, std::int64_t width) {
  FASTPASS_RETURN_IF_ERROR(check_range<std::int64_t>("source height", height, 1, kMaxSourceSide));
  return check_range<std::int64_t>("source width", width, 1, kMaxSourceSide);
}

Status check_source(const SourceRegion& source) {
  const ImageView& pixels = source.pixels;
  FASTPASS_RETURN_IF_ERROR(check_source_size(source.height, source.width));
  FASTPASS_RETURN_IF_ERROR(check_source_size(pixels.height, pixels.width));
  if (pixels.channels != 3) return refuse("source channels", pixels.channels, "3 (RGB)");
  if (pixels.data == nullptr) return refuse("source data", "null", "pixels");
  FASTPASS_RETURN_IF_ERROR(check_range("scale_denominator", source.scale_denominator, 1, 8));
  return check_range<std::ptrdiff_t>("source stride (bytes)", pixels.stride, pixels.width * 3,
                                     std::numeric_limits<std::ptrdiff_t>::max());
}

Status check_params(const ViewParams& params, const ViewSpec& spec, const SourceRegion& source) {
  FASTPASS_RETURN_IF_ERROR(check_box("top + height", params.top, params.height, source.height));
  FASTPASS_RETURN_IF_ERROR(check_box("left + width", params.left, params.width, source.width));
  FASTPASS_RETURN_IF_ERROR(check_decoded("rows", params.top, params.height, source.top,
                                         source.pixels.height, source.scale_denominator));
  FASTPASS_RETURN_IF_ERROR(check_decoded("columns", params.left, params.width, source.left,
                                         source.pixels.width, source.scale_denominator));
  FASTPASS_RETURN_IF_ERROR(check_window("resized_height", params.resized_height, "window_top",
                                        params.window_top, spec.size));
  FASTPASS_RETURN_IF_ERROR(check_window("resized_width", params.resized_width, "window_left",
                                        params.window_left, spec.size));
  if (params.has_jitter) {
    FASTPASS_RETURN_IF_ERROR(check_jitter_order(params.jitter_order));
    FASTPASS_RETURN_IF_ERROR(check_strength("brightness", params.brightness));
    FASTPASS_RETURN_IF_ERROR(check_strength("contrast", params.contrast));
    FASTPASS_RETURN_IF_ERROR(check_strength("saturation", params.saturation));
    FASTPASS_RETURN_IF_ERROR(check_range("hue", params.hue, -0.5f, 0.5f));
  }
  return check_range("blur_sigma", params.blur_sigma, 0.0f, kMaxBlurSigma);
}

}  // namespace fastpass
