// The CPU backend of augment: checks, then one step after the other on uint8, as Pillow does.

#include <new>
#include <vector>

#include "augment/blur_cpu.h"
#include "augment/check.h"
#include "augment/color_cpu.h"
#include "augment/draw.h"
#include "augment/gaussian_blur_cpu.h"
#include "augment/normalize.h"
#include "augment/render.h"
#include "augment/resample_cpu.h"

namespace fastpass {
namespace {

// Planar, through a table of the 256 possible results per channel. The flip happens here: every
// step before it treats left and right alike, so the place of the flip does not matter.
template <typename Value>
void write_planes(const std::uint8_t* pixels, std::int32_t size, bool is_flipped,
                  const Value (*tables)[256], Value* out) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(size) * size;
  for (std::int32_t y = 0; y < size; ++y) {
    const std::uint8_t* row = pixels + std::ptrdiff_t{3} * y * size;
    const std::uint8_t* pixel = is_flipped ? row + std::ptrdiff_t{3} * (size - 1) : row;
    const std::ptrdiff_t step = is_flipped ? -3 : 3;
    for (std::int32_t x = 0; x < size; ++x, pixel += step, ++out) {
      out[0] = tables[0][pixel[0]];
      out[plane] = tables[1][pixel[1]];
      out[2 * plane] = tables[2][pixel[2]];
    }
  }
}

template <typename Value, typename Convert>
void write_view(const std::uint8_t* pixels, const ViewSpec& spec, bool is_flipped,
                const Convert& convert, void* out) {
  Value tables[3][256];
  for (int channel = 0; channel < 3; ++channel) {
    for (int value = 0; value < 256; ++value) {
      tables[channel][value] = convert(channel, static_cast<std::uint8_t>(value));
    }
  }
  write_planes(pixels, spec.size, is_flipped, tables, static_cast<Value*>(out));
}

void write_view_as(Dtype dtype, bool normalize, const std::uint8_t* pixels, const ViewSpec& spec,
                   bool is_flipped, void* out) {
  const auto to_float = [&](int channel, std::uint8_t value) {
    return normalize ? normalized_value(value, spec.mean[channel], spec.std[channel])
                     : unit_value(value);
  };
  switch (dtype) {
    case Dtype::kUint8:
      write_view<std::uint8_t>(
          pixels, spec, is_flipped, [](int, std::uint8_t value) { return value; }, out);
      break;
    case Dtype::kFloat16:
      write_view<std::uint16_t>(
          pixels, spec, is_flipped,
          [&](int channel, std::uint8_t value) { return to_float16(to_float(channel, value)); },
          out);
      break;
    case Dtype::kBfloat16:
      write_view<std::uint16_t>(
          pixels, spec, is_flipped,
          [&](int channel, std::uint8_t value) { return to_bfloat16(to_float(channel, value)); },
          out);
      break;
    case Dtype::kFloat32:
      write_view<float>(pixels, spec, is_flipped, to_float, out);
      break;
  }
}

}  // namespace

Status draw_view(const ViewSpec& spec, int height, int width, const DrawKey& key,
                 ViewParams* params) {
  FASTPASS_RETURN_IF_ERROR(check_spec(spec));
  FASTPASS_RETURN_IF_ERROR(check_source_size(height, width));
  *params = draw_checked_view(spec, height, width, key);
  return {};
}

struct ViewRenderer::Scratch {
  Resampler resampler;
  Blurrer blurrer;
  GaussianBlurrer gaussian_blurrer;
  std::vector<std::uint8_t> pixels;  // the view, interleaved
  std::vector<std::uint8_t> plane;   // one channel of it

  void blur(const ViewSpec& spec, float sigma) {
    if (spec.blur_kind == BlurKind::kPillow) {
      blurrer.run(sigma, spec.size, pixels.data());
      return;
    }
    const GaussianBlur gaussian =
        make_gaussian_blur(sigma, spec.blur_kernel_size, spec.blur_border);
    plane.resize(pixels.size() / 3);
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = pixels[3 * i + channel];
      gaussian_blurrer.run(gaussian, spec.size, plane.data(), spec.size);
      for (std::size_t i = 0; i < plane.size(); ++i) pixels[3 * i + channel] = plane[i];
    }
  }
};

ViewRenderer::ViewRenderer() : scratch_(std::make_unique<Scratch>()) {}
ViewRenderer::~ViewRenderer() = default;

Status ViewRenderer::render(const ImageView& source, const ViewSpec& spec, const ViewParams& params,
                            Dtype dtype, bool normalize, void* out) {
  FASTPASS_RETURN_IF_ERROR(check_spec(spec));
  FASTPASS_RETURN_IF_ERROR(check_source(source));
  FASTPASS_RETURN_IF_ERROR(check_params(params, spec, source.height, source.width));
  try {
    const std::size_t num_pixels =
        static_cast<std::size_t>(spec.size) * static_cast<std::size_t>(spec.size);
    scratch_->pixels.resize(num_pixels * 3);
    std::uint8_t* pixels = scratch_->pixels.data();
    scratch_->resampler.run(source, params, spec.interpolation, spec.size, pixels);
    if (params.has_jitter) apply_jitter(params, num_pixels, pixels);
    if (params.is_grayscale) apply_grayscale(num_pixels, pixels);
    if (params.blur_sigma > 0.0f) scratch_->blur(spec, params.blur_sigma);
    if (params.is_solarized) apply_solarize(spec.solarize_threshold, num_pixels, pixels);
    write_view_as(dtype, normalize, pixels, spec, params.is_flipped, out);
  } catch (const std::bad_alloc&) {
    return Status(Fault::kOutOfMemory, "no memory for the scratch of a view of " +
                                           std::to_string(spec.size) + " x " +
                                           std::to_string(spec.size) + " pixels");
  }
  return {};
}

}  // namespace fastpass
