// Reads the marker segments of a JPEG: frame, tables, scans. Accepts and refuses what libjpeg-turbo
// accepts and refuses, and what 8-bit Huffman decoding cannot do has a name.
#pragma once

#include <array>

#include "common/status.h"
#include "common/view.h"
#include "decode/frame.h"

namespace fastpass {

class MarkerReader {
 public:
  // Everything up to and including the first SOS; the bytes are borrowed until the next open().
  Status open(Span jpeg);
  // Goes on behind the entropy-coded data of the present scan, at `offset`: to the next SOS, or to
  // EOI (has_scan false). Tables and restart interval may change between scans.
  Status next_scan(std::size_t offset, bool* has_scan);

  const Frame& frame() const { return frame_; }
  const Scan& scan() const { return scan_; }
  // Tables as they stand at the present scan.
  const HuffmanSpec& dc_spec(int table) const { return dc_specs_[static_cast<std::size_t>(table)]; }
  const HuffmanSpec& ac_spec(int table) const { return ac_specs_[static_cast<std::size_t>(table)]; }
  // One sequential scan holds all components: rows can be finished while it is read.
  bool is_single_scan() const {
    return !frame_.is_progressive && scan_.num_components == frame_.num_components;
  }

 private:
  Span jpeg_;
  Frame frame_;
  Scan scan_;
  std::array<HuffmanSpec, 4> dc_specs_;
  std::array<HuffmanSpec, 4> ac_specs_;
  std::array<QuantTable, 4> quant_tables_;
};

}  // namespace fastpass
