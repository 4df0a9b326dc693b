// CRC-32 as zlib and PNG have it (annex D of the PNG specification): it finds every change of up to
// 32 bits in a row.
#pragma once

#include <array>
#include <cstdint>

#include "common/view.h"

namespace fastpass {
namespace crc {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table = {};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    table[byte] = crc;
  }
  return table;
}

inline constexpr std::array<std::uint32_t, 256> kTable = make_table();

}  // namespace crc

// Of `bytes` behind others whose CRC-32 is `before`.
inline std::uint32_t crc32(Span bytes, std::uint32_t before = 0) {
  std::uint32_t crc = ~before;
  for (std::size_t i = 0; i < bytes.size; ++i) {
    crc = crc >> 8 ^ crc::kTable[(crc ^ bytes.data[i]) & 0xFF];
  }
  return ~crc;
}

}  // namespace fastpass
