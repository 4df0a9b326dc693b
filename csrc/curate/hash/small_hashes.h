// The 64-bit hashes of the package ImageHash, with its bits: pixel or frequency (y, x) is bit 8 y +
// x, highest first. Images are shrunk as Pillow's LANCZOS does.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "curate/hash/luma_image.h"

namespace fastpass {

constexpr int kSmallHashBytes = 8;
using SmallHash = std::array<std::uint8_t, kSmallHashBytes>;

// One per thread: its memory is reused.
class SmallHasher {
 public:
  SmallHasher();
  ~SmallHasher();
  SmallHash average(const GrayImage& image);     // ahash: brighter than the mean
  SmallHash difference(const GrayImage& image);  // dhash: brighter than the pixel to the left
  SmallHash perceptual(const GrayImage& image);  // phash: low frequencies above their median
  SmallHash wavelet(const GrayImage& image);     // whash: Haar, mean of a block above the median

 private:
  // Pillow's resize of a gray image to width x height.
  void resize(const GrayImage& image, int height, int width);

  struct Taps;
  // Of that axis: many images have the same size, and sines cost more than sums.
  const Taps& taps(int from, int to);
  void resize_rows(const GrayImage& image, int width, std::vector<std::uint8_t>* out);
  void resize_columns(const std::uint8_t* pixels, int from, int width, int height,
                      std::vector<std::uint8_t>* out);

  GrayImage small_;
  std::vector<std::uint8_t> pass_;
  std::vector<std::int32_t> sums_;
  std::map<std::pair<int, int>, std::unique_ptr<Taps>> known_taps_;
  std::size_t num_kept_ = 0;  // weights of them
};

}  // namespace fastpass
