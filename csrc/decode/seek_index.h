// The seek index of one JPEG: where decoding may start inside its entropy-coded data.
// docs/format.md describes the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/status.h"
#include "common/view.h"

namespace fastpass {

// The decoder's state before an MCU.
struct SeekEntry {
  // 8 * byte offset in the file + bit (0 = highest) of the next Huffman code. At the beginning of a
  // restart interval: the first byte behind the marker.
  std::uint64_t bit_offset = 0;
  std::array<std::int16_t, 4> dc{};  // predictors; zeros at the beginning of a restart interval
};

// Packs the states before MCU 0, 1, 2, ... (all MCUs of the single scan, row by row), keeping every
// K-th with the smallest K whose index takes at most 2 % of the JPEG's bytes. Empty where that
// leaves fewer than two entries.
std::vector<std::uint8_t> serialize_seek_index(Span jpeg, const std::vector<SeekEntry>& states);

// Borrows the bytes. Entries are read in place: any of them in constant time.
class SeekIndexView {
 public:
  // kBadSeekIndex: damaged (own checksum), or made from another file (its length; and, where
  // `verify`, the XXH64 of all its bytes). Without `verify` the caller vouches that the bytes have
  // not changed, as a pack reader does.
  Status parse(Span index, Span jpeg, int num_mcus, bool verify);

  int mcus_per_entry() const { return mcus_per_entry_; }
  int num_entries() const { return num_entries_; }
  // The state before MCU i * mcus_per_entry(); its byte offset is inside the file.
  SeekEntry entry(int i) const;

 private:
  int mcus_per_entry_ = 0;
  int num_entries_ = 0;
};

}  // namespace fastpass
