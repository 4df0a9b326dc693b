// Pillow's GaussianBlur of a view on the CPU.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/blur.h"
#include "augment/view_kernels.h"

namespace fastpass {

// Reuses its memory from call to call.
class Blurrer {
 public:
  explicit Blurrer(const ViewKernels& kernels) : kernels_(kernels) {}

  // In place. sigma in (0, kMaxBlurSigma].
  void run(float sigma, const ViewRows& view);

 private:
  void blur_row(const BoxBlur& blur, std::int32_t size, std::uint8_t* row);
  void blur_strip(const BoxBlur& blur, const ViewRows& view, std::ptrdiff_t first_byte);

  const ViewKernels& kernels_;
  std::vector<std::uint8_t> lines_[2];   // a row with its borders repeated
  std::vector<std::uint8_t> strips_[2];  // some columns of all rows, and of repeated ones
  std::vector<const std::uint8_t*> inputs_;
};

}  // namespace fastpass
