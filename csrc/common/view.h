// Borrowed memory: pointers to pixels and bytes that somebody else owns, with their sizes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastpass {

// Bytes, as of an encoded file.
struct Span {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

// uint8 pixels, channels interleaved; stride in bytes from row to row.
struct ImageView {
  std::uint8_t* data = nullptr;
  int height = 0;
  int width = 0;
  int channels = 3;
  std::ptrdiff_t stride = 0;

  std::uint8_t* row(int y) const { return data + static_cast<std::ptrdiff_t>(y) * stride; }
};

}  // namespace fastpass
