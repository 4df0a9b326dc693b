// The 64-bit hashes of the package ImageHash, with its bits: pixel or frequency (y, x) is bit 8 y + x,
// highest first. Images are shrunk as Pillow's LANCZOS does.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "curate/luma_image.h"

namespace fastpass {

constexpr int kSmallHashBytes = 8;
using SmallHash = std::array<std::uint8_t, kSmallHashBytes>;

// One per thread: its memory is reused.
class SmallHasher {
 public:
  SmallHash average(const GrayImage& image);     // ahash: brighter than the mean
  SmallHash difference(const GrayImage& image);  // dhash: brighter than the pixel to the left
  SmallHash perceptual(const GrayImage& image);  // phash: low frequencies above their median
  SmallHash wavelet(const GrayImage& image);     // whash: Haar, mean of a block above the median

 private:
  // Pillow's resize of a gray image to width x height.
  void resize(const GrayImage& image, int height, int width);

  GrayImage small_;
  std::vector<std::uint8_t> pass_;
};

}  // namespace fastpass
