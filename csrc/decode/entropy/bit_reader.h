// Bits of entropy-coded data, most significant first, out of the bytes as they lie in the file.
//
// Note [Damaged entropy-coded data]. What libjpeg-turbo does, bit for bit: FF 00 is a data byte FF,
// and so is FF FF 00; FF and anything else is a marker, which ends the data: zero bits follow, for
// as long as they are asked for. Behind the end of the file lie FF D9 FF D9 ... The first thing
// that is not as T.81 wants it is remembered with its place; the caller goes on. All that
// libjpeg-turbo warns of is remembered, and FF FF 00: there its two sequential decoders, of which
// it takes the faster one far from the end of a file, leave different coefficients behind.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// What was wrong with entropy-coded data.
enum class DamageKind : std::uint8_t {
  kNone,
  kEndOfFile,    // the file ends where entropy-coded data or a marker is wanted
  kEndOfData,    // a marker where more bits are wanted
  kBadCode,      // bits that are no Huffman code, or a symbol that the scan cannot hold
  kLostRestart,  // not the restart marker that is due
  kFillInData,   // FF FF 00
};

// A place in entropy-coded data, the bits that come next, and the first damage met.
struct BitReader {
  const std::uint8_t* data = nullptr;
  std::uint64_t size = 0;
  std::uint64_t position = 0;             // of the next byte to load
  std::uint64_t bits = 0;                 // the next bits, left-aligned; zeros behind them
  int count = 0;                          // of the bits that came from the file
  int marker = 0;                         // met, and not read past; 0: none
  bool has_run_out = false;               // zero bits were handed out since the last restart
  DamageKind damage = DamageKind::kNone;  // the first
  int damage_marker = 0;                  // the marker in the way, if there is one
  std::uint64_t damage_offset = 0;
};

FASTPASS_HD inline BitReader make_bit_reader(const std::uint8_t* data, std::uint64_t size,
                                             std::uint64_t position) {
  BitReader reader;
  reader.data = data;
  reader.size = size;
  reader.position = position;
  return reader;
}

FASTPASS_HD inline void report_damage(BitReader& reader, DamageKind kind) {
  if (reader.damage != DamageKind::kNone) return;
  const std::uint64_t unread = static_cast<std::uint64_t>(reader.count > 0 ? reader.count / 8 : 0);
  const std::uint64_t offset = reader.position - unread;
  reader.damage = kind;
  reader.damage_marker = reader.marker;
  const bool is_behind = kind == DamageKind::kEndOfFile || offset > reader.size;
  reader.damage_offset = is_behind ? reader.size : offset;
}

FASTPASS_HD inline int load_byte(BitReader& reader) {
  const std::uint64_t position = reader.position++;
  if (position < reader.size) return reader.data[position];
  report_damage(reader, DamageKind::kEndOfFile);
  return (position - reader.size) % 2 == 0 ? 0xFF : 0xD9;
}

// Loads eight bytes at once, unless an FF is among them or the end is near.
FASTPASS_HD inline bool refill_fast(BitReader& reader) {
  if (reader.marker != 0 || reader.position + 8 > reader.size) return false;
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word = word << 8 | reader.data[reader.position + i];
  const std::uint64_t inverted = ~word;
  const bool has_ff = ((inverted - 0x0101010101010101u) & ~inverted & 0x8080808080808080u) != 0;
  if (has_ff) return false;
  const int num_bits = (64 - reader.count) & ~7;
  reader.bits |= word >> reader.count;  // with the first bits of the next byte
  reader.position += static_cast<std::uint64_t>(num_bits) / 8;
  reader.count += num_bits;
  return true;
}

// Byte by byte: stuffed bytes, markers, the end of the file.
FASTPASS_HD FASTPASS_COLD inline void refill_slow(BitReader& reader) {
  while (reader.marker == 0 && reader.count <= 56) {
    int byte = load_byte(reader);
    if (byte == 0xFF) {
      const std::uint64_t position = reader.position;
      do byte = load_byte(reader);
      while (byte == 0xFF);
      if (byte != 0) {
        reader.marker = byte;
        return;
      }
      if (reader.position != position + 1) report_damage(reader, DamageKind::kFillInData);
      byte = 0xFF;
    }
    reader.bits |= static_cast<std::uint64_t>(byte) << (56 - reader.count);
    reader.count += 8;
  }
}

// At least 57 bits, fewer only where a marker follows. Wants count <= 56.
FASTPASS_HD inline void refill(BitReader& reader) {
  if (refill_fast(reader)) return;
  BitReader copy = reader;  // its address is taken, so that `reader` may stay in registers
  refill_slow(copy);
  reader = copy;
}

// The longest code and the longest value are 32 bits together.
FASTPASS_HD inline void refill_for_symbol(BitReader& reader) {
  if (reader.count < 32) refill(reader);
}

// The next 1..32 bits; `count` may be smaller.
FASTPASS_HD inline int peek_bits(const BitReader& reader, int num_bits) {
  return static_cast<int>(reader.bits >> (64 - num_bits));
}

FASTPASS_HD FASTPASS_COLD inline void run_out(BitReader& reader) {
  reader.count = 0;
  if (!reader.has_run_out) report_damage(reader, DamageKind::kEndOfData);
  reader.has_run_out = true;
}

FASTPASS_HD inline void skip_bits(BitReader& reader, int num_bits) {
  reader.bits <<= num_bits;
  reader.count -= num_bits;
  if (reader.count >= 0) return;
  BitReader copy = reader;
  run_out(copy);
  reader = copy;
}

FASTPASS_HD inline int read_bit(BitReader& reader) {
  if (reader.count < 1) refill(reader);
  const int bit = peek_bits(reader, 1);
  skip_bits(reader, 1);
  return bit;
}

FASTPASS_HD inline void find_marker(BitReader& reader) {
  int byte = 0;
  while (byte == 0) {
    while (load_byte(reader) != 0xFF) {
    }
    do byte = load_byte(reader);
    while (byte == 0xFF);
  }
  reader.marker = byte;
}

// libjpeg's jpeg_resync_to_restart, for a marker that is not RST`expected`: one of the next two
// restarts, and any other marker, stays and leaves this interval empty; one of the last two, and
// what is no marker, is skipped; a restart from far away is taken for the one that is due.
FASTPASS_HD inline void resynchronize(BitReader& reader, int expected) {
  report_damage(reader, DamageKind::kLostRestart);
  for (;;) {
    const bool is_restart = reader.marker >= 0xD0 && reader.marker <= 0xD7;
    const int ahead = (reader.marker - 0xD0 - expected) & 7;
    const bool is_past = is_restart && (ahead == 6 || ahead == 7);
    if (reader.marker < 0xC0 || is_past) {
      find_marker(reader);
      continue;
    }
    if (is_restart && ahead != 1 && ahead != 2) reader.marker = 0;
    return;
  }
}

// Behind the last MCU of a restart interval: moves to the data behind marker RST`expected`.
FASTPASS_HD inline void read_restart(BitReader& reader, int expected) {
  reader.bits = 0;
  reader.count = 0;
  if (reader.marker == 0) find_marker(reader);
  if (reader.marker == 0xD0 + expected) {
    reader.marker = 0;
  } else {
    resynchronize(reader, expected);
  }
  if (reader.marker == 0) reader.has_run_out = false;
}

// Of the marker behind the data, or of a byte in front of it.
FASTPASS_HD inline std::uint64_t offset_of_rest(const BitReader& reader) {
  return reader.marker != 0 ? reader.position - 2 : reader.position;
}

}  // namespace fastpass
