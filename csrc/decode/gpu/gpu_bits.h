// Bits of entropy-coded data as one lane of a GPU reads them: whole words, out of a copy of the
// file's bytes that is aligned and ends in FF D9 FF D9 ..., so that no bound is looked at.
//
// Stricter than bit_reader.h: FF FF 00 ends the data, as any marker does. Zero bits follow the end;
// `count` below zero tells that some of them were used.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// Placed behind the bytes of every file, so that every reader meets an end.
constexpr int kLanePadding = 16;

// The bits that a lane reads next.
struct GpuBits {
  const std::uint32_t* words = nullptr;
  std::uint64_t bits = 0;    // the next bits, left-aligned; zeros behind them
  std::uint32_t word = 0;    // of the next four bytes to load
  std::int32_t count = 0;    // of the bits that came from the file
  std::uint32_t behind = 0;  // where at_marker: the byte behind the marker
  std::uint8_t marker = 0;
  bool after_ff = false;  // the last byte loaded is an FF, whose meaning the next one tells
  bool is_fill = false;   // and so was the one before it
  bool at_marker = false;
};

FASTPASS_HD inline bool has_ff(std::uint32_t word) {
  const std::uint32_t inverted = ~word;
  return ((inverted - 0x01010101u) & ~inverted & 0x80808080u) != 0;
}

FASTPASS_HD inline void push_byte(GpuBits& reader, std::uint32_t byte) {
  reader.bits |= static_cast<std::uint64_t>(byte) << (56 - reader.count);
  reader.count += 8;
}

// The bytes of the next word from byte `first` on, one by one.
FASTPASS_HD_INLINE void load_bytes(GpuBits& reader, int first) {
  const std::uint32_t word = swap_bytes(reader.words[reader.word]);
  for (int i = first; i < 4 && !reader.at_marker; ++i) {
    const std::uint32_t byte = word >> (24 - 8 * i) & 255;
    if (!reader.after_ff) {
      reader.after_ff = byte == 0xFF;
      if (byte != 0xFF) push_byte(reader, byte);
    } else if (byte == 0 && !reader.is_fill) {
      reader.after_ff = false;
      push_byte(reader, 0xFF);
    } else if (byte == 0xFF) {
      reader.is_fill = true;
    } else {
      reader.at_marker = true;
      reader.marker = static_cast<std::uint8_t>(byte);
      reader.behind = 4 * reader.word + static_cast<std::uint32_t>(i) + 1;
    }
  }
  ++reader.word;
}

FASTPASS_HD inline void load_word(GpuBits& reader) {
  const std::uint32_t word = swap_bytes(reader.words[reader.word]);
  if (reader.after_ff || has_ff(word)) {
    load_bytes(reader, 0);
    return;
  }
  reader.bits |= static_cast<std::uint64_t>(word) << (32 - reader.count);
  reader.count += 32;
  ++reader.word;
}

// At least 32 bits, which is the longest code and the longest value; fewer only at a marker.
FASTPASS_HD inline void refill(GpuBits& reader) {
  while (reader.count < 32 && !reader.at_marker) load_word(reader);
}

FASTPASS_HD inline int peek_bits(const GpuBits& reader, int num_bits) {
  return static_cast<int>(reader.bits >> (64 - num_bits));
}

FASTPASS_HD inline void skip_bits(GpuBits& reader, int num_bits) {
  reader.bits <<= num_bits;
  reader.count -= num_bits;
}

FASTPASS_HD inline bool has_run_out(const GpuBits& reader) { return reader.count < 0; }

// To bit `bit` (0 = highest) of a byte that is no stuffed zero.
FASTPASS_HD inline GpuBits begin_gpu_bits(const std::uint32_t* words, std::uint32_t byte, int bit) {
  GpuBits reader;
  reader.words = words;
  reader.word = byte / 4;
  load_bytes(reader, static_cast<int>(byte % 4));
  refill(reader);
  skip_bits(reader, bit);
  return reader;
}

// Passes over what is left in front of the next marker; false where that is not RST`expected`.
FASTPASS_HD inline bool cross_restart(GpuBits& reader, int expected) {
  while (!reader.at_marker) {
    reader.bits = 0;
    reader.count = 0;
    load_word(reader);
  }
  if (reader.marker != 0xD0 + expected) return false;
  reader = begin_gpu_bits(reader.words, reader.behind, 0);
  return true;
}

}  // namespace fastpass
