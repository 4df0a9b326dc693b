// How the entries of a seek index are packed: the arithmetic of reading one, in place and in
// constant time, on either machine. docs/format.md describes the bytes.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// Entries come in groups. A group begins with the bit offset of its first entry (base_bits wide);
// each entry then says how far it lies behind that (offset_bits) and holds its DC predictors
// (dc_bits[component] each, counted from dc_min[component]). All groups have the same size.
constexpr int kSeekGroupEntries = 16;
constexpr int kSeekHeaderBytes = 44;
constexpr int kSeekChecksumBytes = 4;

struct SeekLayout {
  int base_bits = 0;
  int offset_bits = 0;
  int dc_bits[4] = {};
  int dc_min[4] = {};

  FASTPASS_HD int entry_bits() const {
    return offset_bits + dc_bits[0] + dc_bits[1] + dc_bits[2] + dc_bits[3];
  }
  FASTPASS_HD std::int64_t group_bits() const {
    return base_bits + std::int64_t{kSeekGroupEntries} * entry_bits();
  }
};

// The `width` (0..48) bits from bit `position` on, lowest bit first. Reads the eight bytes that end
// with the last of these bits: before the entries there is always a header of more than eight.
FASTPASS_HD inline std::uint64_t seek_bits(const std::uint8_t* bytes, std::int64_t position,
                                           int width) {
  const std::int64_t end = (position + width + 7) / 8;
  const std::uint8_t* at = bytes + end - 8;
  const std::uint64_t word = std::uint64_t{at[0]} | std::uint64_t{at[1]} << 8 |
                             std::uint64_t{at[2]} << 16 | std::uint64_t{at[3]} << 24 |
                             std::uint64_t{at[4]} << 32 | std::uint64_t{at[5]} << 40 |
                             std::uint64_t{at[6]} << 48 | std::uint64_t{at[7]} << 56;
  const int first_bit = static_cast<int>(position - 8 * (end - 8));
  return width == 0 ? 0 : word >> first_bit & ((std::uint64_t{1} << width) - 1);
}

FASTPASS_HD inline std::int64_t seek_group_position(const SeekLayout& layout, int group) {
  return 8 * std::int64_t{kSeekHeaderBytes} + group * layout.group_bits();
}

FASTPASS_HD inline std::int64_t seek_entry_position(const SeekLayout& layout, int i) {
  return seek_group_position(layout, i / kSeekGroupEntries) + layout.base_bits +
         std::int64_t{i % kSeekGroupEntries} * layout.entry_bits();
}

// Of entry i, in bits from the beginning of the file.
FASTPASS_HD inline std::uint64_t seek_bit_offset(const SeekLayout& layout,
                                                 const std::uint8_t* index, int i) {
  const std::int64_t group = seek_group_position(layout, i / kSeekGroupEntries);
  return seek_bits(index, group, layout.base_bits) +
         seek_bits(index, seek_entry_position(layout, i), layout.offset_bits);
}

FASTPASS_HD inline void seek_dc(const SeekLayout& layout, const std::uint8_t* index, int i,
                                std::int16_t dc[4]) {
  std::int64_t position = seek_entry_position(layout, i) + layout.offset_bits;
  for (int component = 0; component < 4; ++component) {
    const int width = layout.dc_bits[component];
    const int above = static_cast<int>(seek_bits(index, position, width));
    dc[component] = static_cast<std::int16_t>(layout.dc_min[component] + above);
    position += width;
  }
}

}  // namespace fastpass
