#include "augment/cpu/gaussian_blur_cpu.h"

#include <algorithm>

#include "common/multiversion.h"

namespace fastpass {
namespace {

FASTPASS_AVX2_CLONE
void to_floats(const std::uint8_t* row, std::int32_t count, float* out) {
  for (std::int32_t i = 0; i < count; ++i) out[i] = static_cast<float>(row[i]);
}

FASTPASS_AVX2_CLONE
void start_sums(const float* row, float weight, std::int32_t count, float* sums) {
  for (std::int32_t i = 0; i < count; ++i) sums[i] = row[i] * weight;
}

// The two pixels at one distance from the middle share a weight.
FASTPASS_AVX2_CLONE
void add_pair(const float* before, const float* after, float weight, std::int32_t count,
              float* sums) {
  for (std::int32_t i = 0; i < count; ++i) sums[i] += (before[i] + after[i]) * weight;
}

FASTPASS_AVX2_CLONE
void round_sums(const float* sums, std::int32_t count, std::uint8_t* out) {
  for (std::int32_t i = 0; i < count; ++i) out[i] = rounded_pixel(sums[i]);
}

}  // namespace

const float* GaussianBlurrer::source_row(const GaussianBlur& blur, std::int32_t size,
                                         std::int32_t y) const {
  if (blur.border == BlurBorder::kReflect) {
    y = reflected(y, size);
  } else if (y < 0 || y >= size) {
    return zeros_.data();
  }
  return recent_rows_.data() + std::ptrdiff_t{y % (2 * blur.radius + 1)} * size;
}

void GaussianBlurrer::sum_rows(const GaussianBlur& blur, std::int32_t size, std::int32_t y) {
  float* sums = padded_row_.data() + blur.radius;
  start_sums(source_row(blur, size, y), blur.weights[0], size, sums);
  for (std::int32_t distance = 1; distance <= blur.radius; ++distance) {
    add_pair(source_row(blur, size, y - distance), source_row(blur, size, y + distance),
             blur.weights[distance], size, sums);
  }
}

// With a zero border the margins keep the zeros that run() wrote.
void GaussianBlurrer::pad_row(const GaussianBlur& blur, std::int32_t size) {
  if (blur.border == BlurBorder::kZero) return;
  float* middle = padded_row_.data() + blur.radius;
  for (std::int32_t distance = 1; distance <= blur.radius; ++distance) {
    middle[-distance] = middle[reflected(-distance, size)];
    middle[size - 1 + distance] = middle[reflected(size - 1 + distance, size)];
  }
}

void GaussianBlurrer::write_row(const GaussianBlur& blur, std::int32_t size, std::uint8_t* out) {
  const float* middle = padded_row_.data() + blur.radius;
  start_sums(middle, blur.weights[0], size, sums_.data());
  for (std::int32_t distance = 1; distance <= blur.radius; ++distance) {
    add_pair(middle - distance, middle + distance, blur.weights[distance], size, sums_.data());
  }
  round_sums(sums_.data(), size, out);
}

// Row by row. A row is read before it is overwritten, and stays in recent_rows_ as long as rows
// below need it, mirrored ones included.
void GaussianBlurrer::run(const GaussianBlur& blur, std::int32_t size, std::uint8_t* plane,
                          std::ptrdiff_t stride) {
  const std::int32_t kernel_size = 2 * blur.radius + 1;
  const std::size_t row_values = static_cast<std::size_t>(size);
  recent_rows_.resize(row_values * static_cast<std::size_t>(kernel_size));
  zeros_.assign(row_values, 0.0f);
  padded_row_.assign(row_values + static_cast<std::size_t>(2 * blur.radius), 0.0f);
  sums_.resize(row_values);
  std::int32_t rows_read = 0;
  for (std::int32_t y = 0; y < size; ++y) {
    for (; rows_read < std::min(size, y + blur.radius + 1); ++rows_read) {
      to_floats(plane + rows_read * stride, size,
                recent_rows_.data() + std::ptrdiff_t{rows_read % kernel_size} * size);
    }
    sum_rows(blur, size, y);
    pad_row(blur, size);
    write_row(blur, size, plane + y * stride);
  }
}

}  // namespace fastpass
