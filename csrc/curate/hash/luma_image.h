// Gray images, as ImageHash's hashes and statistics want them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/view.h"

namespace fastpass {

// Pillow's mode "L": BT.601 luma in 16-bit fixed point, rounded. Rows without gaps; its memory is
// reused.
struct GrayImage {
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> pixels;

  void assign(const ImageView& rgb);
  const std::uint8_t* row(int y) const {
    return pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }
};

}  // namespace fastpass
