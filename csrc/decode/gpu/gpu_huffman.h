// Symbols and blocks as one lane of a GPU reads them. A lane only reports what looks damaged; the
// CPU then decodes the image and decides.
#pragma once

#include <cstdint>

#include "common/hd.h"
#include "decode/entropy/huffman.h"
#include "decode/gpu/gpu_bits.h"

namespace fastpass {

// -1, and a few bits passed over, where no code begins so. Wants refill() before it.
FASTPASS_HD inline int decode_symbol(GpuBits& reader, const HuffmanTable& table) {
  const int entry = table.lookup[reader.bits >> (64 - kLookupBits)];
  if (entry != 0) {
    skip_bits(reader, entry >> 8);
    return entry & 255;
  }
  const int window = peek_bits(reader, kMaxCodeBits);
  for (int length = kLookupBits + 1; length <= kMaxCodeBits; ++length) {
    const int code = window >> (kMaxCodeBits - length);
    if (code > table.max_code[length]) continue;
    skip_bits(reader, length);
    return table.values[(code + table.value_offset[length]) & 255];
  }
  skip_bits(reader, kMaxCodeBits);
  return -1;
}

// A value of `size` bits, 0..15.
FASTPASS_HD inline int read_value(GpuBits& reader, int size) {
  if (size == 0) return 0;
  const int value = peek_bits(reader, size);
  const int is_negative = static_cast<int>(reader.bits >> 63) - 1;  // all ones, or 0
  skip_bits(reader, size);
  return value + (is_negative & (1 - (1 << size)));
}

// The DC predictors of four components, or sums of their differences; all that counts of them are
// their lowest 16 bits. In one word, so that registers hold what is indexed.
struct GpuPredictors {
  std::uint64_t packed = 0;

  FASTPASS_HD int of(int component) const {
    return static_cast<std::int16_t>(packed >> (16 * component) & 0xFFFF);
  }
  FASTPASS_HD void add(int component, int difference) {
    const int shift = 16 * component;
    const std::uint64_t sum = ((packed >> shift) + static_cast<std::uint64_t>(difference)) & 0xFFFF;
    packed = (packed & ~(std::uint64_t{0xFFFF} << shift)) | sum << shift;
  }
  FASTPASS_HD void add_all(const GpuPredictors& other) {
    for (int component = 0; component < 4; ++component) add(component, other.of(component));
  }
};

// One symbol of a block, and where it leads.
struct GpuSymbol {
  int value = 0;   // of the coefficient at zigzag position `k`
  int k = 0;       // 0: the DC difference
  int next_k = 0;  // 64: the block ends
  bool has_value = false;
  bool is_sound = true;
};

FASTPASS_HD inline GpuSymbol read_dc(GpuBits& reader, const HuffmanTable& table) {
  refill(reader);
  GpuSymbol symbol;
  const int size = decode_symbol(reader, table);
  symbol.is_sound = size >= 0;
  symbol.value = read_value(reader, size < 0 ? 0 : size);
  symbol.next_k = 1;
  symbol.has_value = true;
  return symbol;
}

// From position `k` in 1..63 on.
FASTPASS_HD inline GpuSymbol read_ac(GpuBits& reader, const HuffmanTable& table, int k) {
  refill(reader);
  GpuSymbol symbol;
  const int code = decode_symbol(reader, table);
  const int run = code < 0 ? 0 : code >> 4;
  const int size = code < 0 ? 0 : code & 15;
  symbol.value = read_value(reader, size);
  symbol.k = k + run;
  symbol.has_value = size != 0;
  const bool is_end = size == 0 && run != 15;
  symbol.is_sound = code >= 0 && (is_end || symbol.k < 64);
  symbol.next_k = is_end || symbol.k >= 63 ? 64 : symbol.k + 1;
  return symbol;
}

}  // namespace fastpass
