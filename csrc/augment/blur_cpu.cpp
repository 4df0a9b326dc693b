#include "augment/blur_cpu.h"

#include <algorithm>
#include <cstring>

#include "common/multiversion.h"

namespace fastpass {
namespace {

FASTPASS_AVX2_CLONE
void add_row(const std::uint8_t* row, std::uint32_t times, std::int32_t count,
             std::uint32_t* sums) {
  for (std::int32_t i = 0; i < count; ++i) sums[i] += row[i] * times;
}

// Moves the box one row on.
FASTPASS_AVX2_CLONE
void slide_sums(const std::uint8_t* entering, const std::uint8_t* leaving, std::int32_t count,
                std::uint32_t* sums) {
  for (std::int32_t i = 0; i < count; ++i) {
    sums[i] += static_cast<std::uint32_t>(entering[i]) - leaving[i];
  }
}

FASTPASS_AVX2_CLONE
void write_blurred(const BoxBlur& blur, const std::uint32_t* sums, const std::uint8_t* end0,
                   const std::uint8_t* end1, std::int32_t count, std::uint8_t* out) {
  for (std::int32_t i = 0; i < count; ++i) {
    out[i] = blurred_pixel(blur, sums[i], static_cast<std::uint32_t>(end0[i]) + end1[i]);
  }
}

void repeat_pixel(const std::uint8_t* pixel, std::int32_t times, std::uint8_t* out) {
  for (std::int32_t i = 0; i < times; ++i, out += 3) std::memcpy(out, pixel, 3);
}

}  // namespace

// All pixels of a row at once: the box is the sum of 2 * radius + 1 shifted copies of it. Recipes
// blur with a radius of 0 or 1, where this beats a running sum, which cannot be vectorised.
void Blurrer::blur_rows(const BoxBlur& blur, std::int32_t size, std::uint8_t* pixels) {
  const std::int32_t count = size * 3;
  const std::int32_t margin = blur.radius + 1;
  padded_.resize(static_cast<std::size_t>(count) + static_cast<std::size_t>(margin) * 6);
  std::uint8_t* middle = padded_.data() + std::ptrdiff_t{3} * margin;
  for (std::int32_t y = 0; y < size; ++y, pixels += count) {
    for (int pass = 0; pass < kBlurPasses; ++pass) {
      std::memcpy(middle, pixels, static_cast<std::size_t>(count));
      repeat_pixel(pixels, margin, padded_.data());
      repeat_pixel(pixels + count - 3, margin, middle + count);
      std::fill(box_sums_.begin(), box_sums_.end(), 0u);
      for (std::int32_t shift = -blur.radius; shift <= blur.radius; ++shift) {
        add_row(middle + std::ptrdiff_t{3} * shift, 1, count, box_sums_.data());
      }
      write_blurred(blur, box_sums_.data(), padded_.data(), middle + std::ptrdiff_t{3} * margin,
                    count, pixels);
    }
  }
}

void Blurrer::blur_columns(const BoxBlur& blur, std::int32_t size, const std::uint8_t* from,
                           std::uint8_t* to) {
  const std::int32_t count = size * 3;
  const auto row = [&](std::int32_t y) {
    return from + static_cast<std::ptrdiff_t>(std::clamp(y, 0, size - 1)) * count;
  };
  // The box of the row above the first one.
  std::fill(box_sums_.begin(), box_sums_.end(), 0u);
  add_row(row(0), static_cast<std::uint32_t>(blur.radius + 1), count, box_sums_.data());
  for (std::int32_t y = 0; y < blur.radius; ++y) add_row(row(y), 1, count, box_sums_.data());
  for (std::int32_t y = 0; y < size; ++y) {
    const std::uint8_t* before = row(y - blur.radius - 1);
    slide_sums(row(y + blur.radius), before, count, box_sums_.data());
    write_blurred(blur, box_sums_.data(), before, row(y + blur.radius + 1), count,
                  to + static_cast<std::ptrdiff_t>(y) * count);
  }
}

void Blurrer::run(float sigma, std::int32_t size, std::uint8_t* pixels) {
  const BoxBlur blur = make_box_blur(sigma);
  const std::size_t row_values = static_cast<std::size_t>(size) * 3;
  box_sums_.resize(row_values);
  image_.resize(row_values * static_cast<std::size_t>(size));
  blur_rows(blur, size, pixels);
  static_assert(kBlurPasses == 3, "the passes below go back and forth between two images");
  blur_columns(blur, size, pixels, image_.data());
  blur_columns(blur, size, image_.data(), pixels);
  blur_columns(blur, size, pixels, image_.data());
  std::memcpy(pixels, image_.data(), image_.size());
}

}  // namespace fastpass
