// Reads the marker segments of a JPEG: frame, tables, scans. It accepts and refuses what
// libjpeg-turbo accepts and refuses, and names what 8-bit Huffman decoding cannot do.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "common/status.h"
#include "common/view.h"
#include "decode/syntax/frame.h"

namespace fastpass {

// Note [Behind the end]. libjpeg-turbo feeds FF D9 FF D9 ... to a decoder that reads past the end
// of the file, and so do we: what a truncated file decodes to is then the same. Positions may
// therefore lie behind the end; nothing is ever read there, and `damage` tells that it happened.
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
  bool is_single_scan() const { return is_single_scan_; }
  // 1..8, of the first EXIF block in front of the frame header; 1 where there is none.
  std::uint8_t exif_orientation() const { return exif_orientation_; }
  // The file ended among the markers: libjpeg-turbo only warns and goes on.
  const Status& damage() const { return damage_; }
  // Where the entropy-coded data of the present scan begins: scan().data_offset, and more than the
  // file's size where the file ends inside SOS.
  std::size_t position() const { return position_; }

 private:
  int read_byte();
  int read_u16();
  void skip(int count);
  int next_marker();
  Status corrupt(const std::string& message) const;

  Status read_to_scan(bool* has_scan);
  Status read_segment(int marker);
  void read_app(int marker);
  void read_exif(std::size_t length);
  Status read_restart_interval();
  Status read_quant_tables();  // jpeg_tables.cpp, as the next four
  Status read_huffman_tables();
  Status read_arithmetic_conditioning();
  void install_standard_tables();
  Status check_huffman_table(bool is_dc, int index) const;
  Status read_frame(int marker);  // jpeg_frame.cpp, as all that follow
  Status read_components();
  Status read_scan();
  Status read_scan_components(int count);
  void begin_first_scan();
  Status check_scan();
  Status check_progression() const;
  Status check_scan_tables() const;
  Status latch_quant_tables();
  ColorModel color_model() const;

  Span jpeg_;
  std::size_t position_ = 0;       // of the next byte; see Note [Behind the end]
  std::size_t marker_offset_ = 0;  // of the marker being read
  Status damage_;
  bool has_frame_ = false;
  bool is_single_scan_ = false;
  bool has_jfif_ = false;
  bool has_exif_ = false;
  std::uint8_t exif_orientation_ = 1;
  int adobe_transform_ = -1;  // -1: no Adobe segment
  int restart_interval_ = 0;
  int num_scans_ = 0;
  Frame frame_;
  Scan scan_;
  std::array<HuffmanSpec, 4> dc_specs_;
  std::array<HuffmanSpec, 4> ac_specs_;
  std::array<QuantTable, 4> quant_tables_;
};

}  // namespace fastpass
