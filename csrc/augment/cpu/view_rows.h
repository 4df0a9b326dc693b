// A view while it is rendered on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastpass {

// size x size pixels, uint8. Row y begins at data + y * stride() and holds the three channels one
// behind the other, `pitch` bytes each; what lies between size and pitch is undefined.
struct ViewRows {
  std::uint8_t* data;
  std::int32_t size;
  std::ptrdiff_t pitch;  // a multiple of 32, at least size

  std::ptrdiff_t stride() const { return 3 * pitch; }
  std::uint8_t* row(std::int32_t y) const { return data + y * stride(); }
  std::uint8_t* row(std::int32_t y, int channel) const { return row(y) + channel * pitch; }
};

}  // namespace fastpass
