// How the entries of a seek index are packed: the arithmetic of reading one, in place and in
// constant time, on either machine. docs/format.md describes the bytes.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// Entries come in groups of 16. A table holds the bit offset of the first entry of every group and,
// as its last item, where the line of the last group leads. Behind the table come the entries: how
// far each lies off the straight line from its group's offset to the next one, and its DC
// predictors. Photos are even enough for the line to save a sixth of the bits of an offset.
constexpr int kSeekGroupEntries = 16;
constexpr int kSeekHeaderBytes = 44;
constexpr int kSeekChecksumBytes = 4;

// Widths of all fields, from which follows where each entry lies.
struct SeekLayout {
  int num_entries = 0;
  int base_bits = 0;    // width of an item of the table
  int offset_bits = 0;  // width of what is off the line, plus 2^(offset_bits - 1)
  int dc_bits[4] = {};  // width of a component's predictor, minus dc_min
  int dc_min[4] = {};

  FASTPASS_HD int entry_bits() const {
    return offset_bits + dc_bits[0] + dc_bits[1] + dc_bits[2] + dc_bits[3];
  }
  FASTPASS_HD std::int64_t base_position(int group) const {
    return 8 * std::int64_t{kSeekHeaderBytes} + std::int64_t{group} * base_bits;
  }
  FASTPASS_HD std::int64_t entry_position(int i) const {
    const int num_groups = (num_entries + kSeekGroupEntries - 1) / kSeekGroupEntries;
    return base_position(num_groups + 1) + std::int64_t{i} * entry_bits();
  }
};

// Where entry `i` would lie if its group were perfectly even; the offsets of its own and of the
// next group are given.
FASTPASS_HD inline std::int64_t seek_line(std::int64_t base, std::int64_t next_base, int i) {
  return base + (next_base - base) * (i % kSeekGroupEntries) / kSeekGroupEntries;
}

FASTPASS_HD inline std::int64_t seek_bias(int offset_bits) {
  return offset_bits == 0 ? 0 : std::int64_t{1} << (offset_bits - 1);
}

// The `width` (0..48) bits from bit `position` on, lowest bit first. Reads the eight bytes that end
// with the last of these bits: before the entries there is always a header of more than eight.
FASTPASS_HD inline std::int64_t seek_bits(const std::uint8_t* bytes, std::int64_t position,
                                          int width) {
  const std::int64_t end = (position + width + 7) / 8;
  const std::uint8_t* at = bytes + end - 8;
  const std::uint64_t word = std::uint64_t{at[0]} | std::uint64_t{at[1]} << 8 |
                             std::uint64_t{at[2]} << 16 | std::uint64_t{at[3]} << 24 |
                             std::uint64_t{at[4]} << 32 | std::uint64_t{at[5]} << 40 |
                             std::uint64_t{at[6]} << 48 | std::uint64_t{at[7]} << 56;
  if (width == 0) return 0;
  const int first_bit = static_cast<int>(position - 8 * (end - 8));
  return static_cast<std::int64_t>(word >> first_bit & ((std::uint64_t{1} << width) - 1));
}

// Of entry i, in bits from the beginning of the file.
FASTPASS_HD inline std::int64_t seek_bit_offset(const SeekLayout& layout, const std::uint8_t* index,
                                                int i) {
  const int group = i / kSeekGroupEntries;
  const std::int64_t base = seek_bits(index, layout.base_position(group), layout.base_bits);
  const std::int64_t next = seek_bits(index, layout.base_position(group + 1), layout.base_bits);
  return seek_line(base, next, i) - seek_bias(layout.offset_bits) +
         seek_bits(index, layout.entry_position(i), layout.offset_bits);
}

FASTPASS_HD inline void seek_dc(const SeekLayout& layout, const std::uint8_t* index, int i,
                                std::int16_t dc[4]) {
  std::int64_t position = layout.entry_position(i) + layout.offset_bits;
  for (int component = 0; component < 4; ++component) {
    const int width = layout.dc_bits[component];
    const int above = static_cast<int>(seek_bits(index, position, width));
    dc[component] = static_cast<std::int16_t>(layout.dc_min[component] + above);
    position += width;
  }
}

}  // namespace fastpass
