// Huffman decoding (ITU-T T.81, annex C and F.2.2): one look-up for codes of up to nine bits.
#pragma once

#include <cstdint>

#include "common/hd.h"
#include "decode/entropy/bit_reader.h"

namespace fastpass {

constexpr int kLookupBits = 9;
constexpr int kMaxCodeBits = 16;

// The codes of one table, ready for decoding.
struct HuffmanTable {
  std::uint16_t lookup[1 << kLookupBits];       // length << 8 | symbol; 0: a longer code, or none
  std::int32_t max_code[kMaxCodeBits + 1];      // [length]; -1: no codes of that length
  std::int32_t value_offset[kMaxCodeBits + 1];  // from a code of that length to its value's index
  std::uint8_t values[256];
};

// `counts` are HuffmanSpec's, [0..16]; they describe a code tree (MarkerReader has checked that).
FASTPASS_HD inline void build_huffman_table(const std::uint8_t* counts, const std::uint8_t* values,
                                            HuffmanTable* table) {
  for (int i = 0; i < 256; ++i) table->values[i] = values[i];
  for (int i = 0; i < 1 << kLookupBits; ++i) table->lookup[i] = 0;
  int code = 0;
  int index = 0;
  for (int length = 1; length <= kMaxCodeBits; ++length, code <<= 1) {
    table->value_offset[length] = index - code;
    for (int i = 0; i < counts[length]; ++i, ++code, ++index) {
      if (length > kLookupBits) continue;
      const int shift = kLookupBits - length;
      const int entry = length << 8 | values[index & 255];
      for (int k = 0; k < 1 << shift; ++k) {
        table->lookup[((code << shift) + k) & ((1 << kLookupBits) - 1)] =
            static_cast<std::uint16_t>(entry);
      }
    }
    table->max_code[length] = counts[length] != 0 ? code - 1 : -1;
  }
}

// Bits that are no code count as 17 bits long and mean 0, as in libjpeg.
FASTPASS_HD FASTPASS_COLD inline int decode_long_symbol(BitReader& reader,
                                                        const HuffmanTable& table) {
  for (int length = kLookupBits + 1; length <= kMaxCodeBits; ++length) {
    const int code = peek_bits(reader, length);
    if (code > table.max_code[length]) continue;
    skip_bits(reader, length);
    return table.values[(code + table.value_offset[length]) & 255];
  }
  skip_bits(reader, kMaxCodeBits + 1);
  report_damage(reader, DamageKind::kBadCode);
  return 0;
}

// Wants refill_for_symbol() before it; 15 more bits are there afterwards.
FASTPASS_HD inline int decode_symbol(BitReader& reader, const HuffmanTable& table) {
  const int entry = table.lookup[reader.bits >> (64 - kLookupBits)];
  if (entry == 0) {
    BitReader copy = reader;
    const int symbol = decode_long_symbol(copy, table);
    reader = copy;
    return symbol;
  }
  skip_bits(reader, entry >> 8);
  return entry & 255;
}

// A value of `size` bits, 1..15: the lower half of its range stands for negative ones (F.2.2.1).
FASTPASS_HD inline int read_value(BitReader& reader, int size) {
  const int value = peek_bits(reader, size);
  const int is_negative = static_cast<int>(reader.bits >> 63) - 1;  // all ones, or 0: no branch
  skip_bits(reader, size);
  return value + (is_negative & (1 - (1 << size)));
}

}  // namespace fastpass
