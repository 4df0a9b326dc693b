// torchvision's GaussianBlur of one channel of a square view on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "augment/gaussian_blur.h"

namespace fastpass {

// Reuses its memory from call to call.
class GaussianBlurrer {
 public:
  // In place; plane: uint8 [size, size], rows `stride` >= size bytes apart. The bytes between the
  // rows are left alone. With BlurBorder::kReflect, size > blur.radius.
  void run(const GaussianBlur& blur, std::int32_t size, std::uint8_t* plane, std::ptrdiff_t stride);

 private:
  const float* source_row(const GaussianBlur& blur, std::int32_t size, std::int32_t y) const;
  void sum_rows(const GaussianBlur& blur, std::int32_t size, std::int32_t y);
  void pad_row(const GaussianBlur& blur, std::int32_t size);
  void write_row(const GaussianBlur& blur, std::int32_t size, std::uint8_t* out);

  std::vector<float> recent_rows_;  // 2 * radius + 1 source rows, row y at y % (2 * radius + 1)
  std::vector<float> zeros_;        // the row beyond a zero border
  std::vector<float> padded_row_;   // one row, summed over y, with `radius` pixels on either side
  std::vector<float> sums_;
};

}  // namespace fastpass
