// Numbers inside a TIFF file, or inside an EXIF block, which is one.
#pragma once

#include <cstdint>

#include "common/view.h"

namespace fastpass {

// Reads past the end give zero, which no later check accepts.
struct TiffReader {
  Span tiff;
  bool is_big_endian;

  std::uint32_t u8(std::uint64_t at) const { return at < tiff.size ? tiff.data[at] : 0; }
  std::uint32_t u16(std::uint64_t at) const {
    return is_big_endian ? u8(at) << 8 | u8(at + 1) : u8(at) | u8(at + 1) << 8;
  }
  std::uint32_t u32(std::uint64_t at) const {
    return is_big_endian ? u16(at) << 16 | u16(at + 2) : u16(at) | u16(at + 2) << 16;
  }
  // Of a directory entry of one number, SHORT or LONG; 0 for any other type.
  std::uint32_t value_of(std::uint64_t entry) const {
    constexpr std::uint32_t kShort = 3, kLong = 4;
    const std::uint32_t type = u16(entry + 2);
    return type == kShort ? u16(entry + 8) : type == kLong ? u32(entry + 8) : 0;
  }
};

}  // namespace fastpass
