// The seek index of one JPEG: where decoding may start inside its entropy-coded data.
// docs/format.md describes the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/status.h"
#include "common/view.h"
#include "decode/seek/seek_layout.h"

namespace fastpass {

// The decoder's state before an MCU.
struct SeekEntry {
  // 8 * byte offset in the file + bit (0 = highest) of the next Huffman code. At the beginning of a
  // restart interval: the first byte behind the marker.
  std::uint64_t bit_offset = 0;
  // Predictors, by component of the frame; zeros at the beginning of a restart interval.
  std::array<std::int16_t, 4> dc{};
};

// Packs the states before MCU 0, 1, 2, ... (all MCUs of the single scan, row by row), keeping every
// K-th with a K whose index takes at most 2 % of the JPEG's bytes, the smallest or next to it.
// Empty where that leaves fewer than two entries.
std::vector<std::uint8_t> serialize_seek_index(Span jpeg, const std::vector<SeekEntry>& states);

// kBadSeekIndex unless these bytes are a sound seek index of this very JPEG, by the hash of all its
// bytes; its markers are not read.
Status verify_seek_index(Span index, Span jpeg);

// Borrows the bytes. Entries are read in place: any of them in constant time.
class SeekIndexView {
 public:
  // kBadSeekIndex: damaged (own checksum), or made from another file (its length, its number of
  // MCUs; and, where `verify`, the XXH64 of all its bytes). Without `verify` the caller vouches
  // that the bytes have not changed, as a pack reader does.
  Status parse(Span index, Span jpeg, int num_mcus, bool verify);

  int mcus_per_entry() const { return mcus_per_entry_; }
  int num_entries() const { return layout_.num_entries; }
  // The state before MCU i * mcus_per_entry(); its byte offset is inside the file.
  SeekEntry entry(int i) const {
    SeekEntry entry;
    entry.bit_offset = static_cast<std::uint64_t>(seek_bit_offset(layout_, index_.data, i));
    seek_dc(layout_, index_.data, i, entry.dc.data());
    return entry;
  }
  // What a GPU needs to read the same bytes in place, with the functions of seek_layout.h.
  const SeekLayout& layout() const { return layout_; }

 private:
  friend Status verify_seek_index(Span index, Span jpeg);
  Status read_header(Span index, Span jpeg);
  Status check_offsets(std::size_t jpeg_bytes) const;
  Status check_hash(Span jpeg) const;

  Span index_;
  SeekLayout layout_;
  int mcus_per_entry_ = 0;
};

}  // namespace fastpass
