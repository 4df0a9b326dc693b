#include "augment/cpu/blur_cpu.h"

#include <algorithm>
#include <cstring>

namespace fastpass {
namespace {

// Columns that go through the vertical passes together: few, so that two copies of them stay close.
// A row's length is a multiple of this (ViewRows::pitch).
constexpr std::ptrdiff_t kStripBytes = 96;
// What routines may read and write behind a row.
constexpr std::ptrdiff_t kSlack = 32;

std::size_t index(std::ptrdiff_t value) { return static_cast<std::size_t>(value); }

}  // namespace

void Blurrer::plan(const BoxBlur& blur, const ViewRows& view) {
  const std::int32_t margin = blur.radius + 1;
  for (Copy& line : lines_) {
    line.memory.resize(index(view.pitch + 2 * margin + kSlack));
    line.inputs.resize(index(2 * margin + 1));
    for (std::int32_t k = 0; k <= 2 * margin; ++k) line.inputs[index(k)] = line.memory.data() + k;
  }
  for (Copy& strip : strips_) {
    strip.memory.resize(index(view.size * kStripBytes));
    strip.inputs.resize(index(view.size + 2 * margin));
    for (std::int32_t k = 0; k < view.size + 2 * margin; ++k) {
      const std::int32_t y = std::clamp(k - margin, 0, view.size - 1);
      strip.inputs[index(k)] = strip.memory.data() + y * kStripBytes;
    }
  }
}

// The box is the sum of shifted copies of the row. Recipes blur with a radius of 0 or 1, where this
// beats a running sum, which cannot be vectorised.
void Blurrer::blur_row(const BoxBlur& blur, std::int32_t size, std::uint8_t* row) {
  const std::int32_t margin = blur.radius + 1;
  std::memcpy(lines_[0].memory.data() + margin, row, index(size));
  for (int pass = 0; pass < kBlurPasses; ++pass) {
    Copy& from = lines_[pass % 2];
    std::uint8_t* pixels = from.memory.data() + margin;
    std::fill(pixels - margin, pixels, pixels[0]);
    std::fill(pixels + size, pixels + size + margin, pixels[size - 1]);
    const bool is_last = pass + 1 == kBlurPasses;
    std::uint8_t* to = is_last ? row : lines_[(pass + 1) % 2].memory.data() + margin;
    routines_.box_blur(blur, from.inputs.data(), size, to);
  }
}

void Blurrer::blur_strip(const BoxBlur& blur, const ViewRows& view, std::ptrdiff_t first_byte) {
  for (std::int32_t y = 0; y < view.size; ++y) {
    std::memcpy(strips_[0].memory.data() + y * kStripBytes, view.row(y) + first_byte,
                index(kStripBytes));
  }
  for (int pass = 0; pass < kBlurPasses; ++pass) {
    const Copy& from = strips_[pass % 2];
    const bool is_last = pass + 1 == kBlurPasses;
    std::uint8_t* to = is_last ? view.data + first_byte : strips_[(pass + 1) % 2].memory.data();
    const std::ptrdiff_t stride = is_last ? view.stride() : kStripBytes;
    for (std::int32_t y = 0; y < view.size; ++y) {
      routines_.box_blur(blur, from.inputs.data() + y, kStripBytes, to + y * stride);
    }
  }
}

void Blurrer::run(float sigma, const ViewRows& view) {
  const BoxBlur blur = make_box_blur(sigma);
  plan(blur, view);
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
