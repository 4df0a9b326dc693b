// Pillow's GaussianBlur of a square RGB view on the CPU.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/blur.h"

namespace fastpass {

// Reuses its memory from call to call.
class Blurrer {
 public:
  // In place; pixels: interleaved RGB [size, size, 3]. sigma in (0, kMaxBlurSigma].
  void run(float sigma, std::int32_t size, std::uint8_t* pixels);

 private:
  void blur_rows(const BoxBlur& blur, std::int32_t size, std::uint8_t* pixels);
  void blur_columns(const BoxBlur& blur, std::int32_t size, const std::uint8_t* from,
                    std::uint8_t* to);

  std::vector<std::uint8_t> padded_;  // one row with its borders repeated
  std::vector<std::uint8_t> image_;
  std::vector<std::uint32_t> box_sums_;
};

}  // namespace fastpass
