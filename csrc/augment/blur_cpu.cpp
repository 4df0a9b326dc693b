#include "augment/blur_cpu.h"

#include <algorithm>
#include <cstring>

namespace fastpass {
namespace {

// Columns that go through the vertical passes together: two copies of them stay in the first cache.
constexpr std::ptrdiff_t kStripBytes = 64;
// What kernels may read and write behind a row.
constexpr std::ptrdiff_t kSlack = 32;

std::size_t index(std::ptrdiff_t value) { return static_cast<std::size_t>(value); }

}  // namespace

// The box is the sum of shifted copies of the row. Recipes blur with a radius of 0 or 1, where this
// beats a running sum, which cannot be vectorised.
void Blurrer::blur_row(const BoxBlur& blur, std::int32_t size, std::uint8_t* row) {
  const std::ptrdiff_t margin = blur.radius + 1;
  std::uint8_t *from = lines_[0].data() + margin, *to = lines_[1].data() + margin;
  std::memcpy(from, row, index(size));
  for (int pass = 0; pass < kBlurPasses; ++pass) {
    std::memset(from - margin, from[0], index(margin));
    std::memset(from + size, from[size - 1], index(margin));
    for (std::ptrdiff_t shift = 0; shift <= 2 * margin; ++shift) {
      inputs_[index(shift)] = from + shift - margin;
    }
    kernels_.box_blur(blur, inputs_.data(), size, to);
    std::swap(from, to);
  }
  std::memcpy(row, from, index(size));
}

void Blurrer::blur_strip(const BoxBlur& blur, const ViewRows& view, std::ptrdiff_t first_byte) {
  const std::ptrdiff_t count = std::min(kStripBytes, view.stride() - first_byte);
  std::uint8_t *from = strips_[0].data(), *to = strips_[1].data();
  for (std::int32_t y = 0; y < view.size; ++y) {
    std::memcpy(from + y * kStripBytes, view.row(y) + first_byte, index(count));
  }
  for (int pass = 0; pass < kBlurPasses; ++pass) {
    for (std::int32_t y = 0; y < view.size; ++y) {
      for (std::int32_t k = 0; k < 2 * blur.radius + 3; ++k) {
        const std::int32_t source = std::clamp(y + k - blur.radius - 1, 0, view.size - 1);
        inputs_[index(k)] = from + source * kStripBytes;
      }
      kernels_.box_blur(blur, inputs_.data(), count, to + y * kStripBytes);
    }
    std::swap(from, to);
  }
  for (std::int32_t y = 0; y < view.size; ++y) {
    std::memcpy(view.row(y) + first_byte, from + y * kStripBytes, index(count));
  }
}

void Blurrer::run(float sigma, const ViewRows& view) {
  const BoxBlur blur = make_box_blur(sigma);
  for (auto& line : lines_) line.resize(index(view.pitch + 2 * (blur.radius + 1) + kSlack));
  for (auto& strip : strips_) strip.resize(index(view.size * kStripBytes));
  inputs_.resize(index(2 * blur.radius + 3));
  for (std::int32_t y = 0; y < view.size; ++y) {
    for (int channel = 0; channel < 3; ++channel) {
      blur_row(blur, view.size, view.row(y, channel));
    }
  }
  for (std::ptrdiff_t first = 0; first < view.stride(); first += kStripBytes) {
    blur_strip(blur, view, first);
  }
}

}  // namespace fastpass
