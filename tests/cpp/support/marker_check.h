// MarkerReader beside libjpeg-turbo: whether both accept a file, and every field of what they read.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "decode/syntax/jpeg_markers.h"
#include "support/check.h"
#include "support/libjpeg_witness.h"
#include "support/shared_data.h"

namespace fastpass_test {

using namespace fastpass;  // a test of its own insides

constexpr std::int64_t kMaxWitnessPixels = 30'000'000;  // it allocates all coefficients

inline ColorModel color_of(J_COLOR_SPACE space) {
  switch (space) {
    case JCS_GRAYSCALE:
      return ColorModel::kGray;
    case JCS_RGB:
      return ColorModel::kRgb;
    case JCS_CMYK:
      return ColorModel::kCmyk;
    case JCS_YCCK:
      return ColorModel::kYcck;
    default:
      return ColorModel::kYcc;
  }
}

inline bool is_same_table(const HuffmanSpec& spec, const JHUFF_TBL& table) {
  return std::memcmp(&spec.counts[1], &table.bits[1], 16) == 0 &&
         std::memcmp(spec.values.data(), table.huffval, spec.values.size()) == 0;
}

inline bool is_same_component(const FrameComponent& ours, const jpeg_component_info& theirs,
                              bool is_one) {
  return ours.id == theirs.component_id && ours.quant_index == theirs.quant_tbl_no &&
         ours.h == (is_one ? 1 : theirs.h_samp_factor) &&
         ours.v == (is_one ? 1 : theirs.v_samp_factor) &&
         ours.width_in_blocks == static_cast<int>(theirs.width_in_blocks) &&
         ours.height_in_blocks == static_cast<int>(theirs.height_in_blocks);
}

inline bool is_same_scan_component(const MarkerReader& reader, int i,
                                   const jpeg_decompress_struct& info) {
  const ScanComponent& ours = reader.scan().components[static_cast<std::size_t>(i)];
  const jpeg_component_info& theirs = *info.cur_comp_info[i];
  if (ours.index != theirs.component_index || ours.dc_table != theirs.dc_tbl_no ||
      ours.ac_table != theirs.ac_tbl_no) {
    return false;
  }
  const FrameComponent& component = reader.frame().components[static_cast<std::size_t>(ours.index)];
  if (std::memcmp(component.quant.steps.data(), theirs.quant_table->quantval, 128) != 0) {
    return false;
  }
  if (reader.frame().is_progressive) return true;
  return is_same_table(reader.dc_spec(ours.dc_table), *info.dc_huff_tbl_ptrs[ours.dc_table]) &&
         is_same_table(reader.ac_spec(ours.ac_table), *info.ac_huff_tbl_ptrs[ours.ac_table]);
}

inline bool is_same(const MarkerReader& reader, const jpeg_decompress_struct& info,
                    std::size_t size) {
  const Frame& frame = reader.frame();
  const Scan& scan = reader.scan();
  const bool is_one = frame.num_components == 1;
  bool same = frame.width == static_cast<int>(info.image_width) &&
              frame.height == static_cast<int>(info.image_height) &&
              frame.num_components == info.num_components &&
              frame.is_progressive == (info.progressive_mode != FALSE) &&
              frame.color == color_of(info.jpeg_color_space) &&
              scan.num_components == info.comps_in_scan && scan.spectral_begin == info.Ss &&
              scan.spectral_end == info.Se && scan.high_bit == info.Ah && scan.low_bit == info.Al &&
              scan.restart_interval == static_cast<int>(info.restart_interval);
  if (!is_one) {
    same = same && frame.max_h == info.max_h_samp_factor && frame.max_v == info.max_v_samp_factor &&
           frame.mcus_high == static_cast<int>(info.total_iMCU_rows);
  }
  if (reader.damage().ok()) same = same && scan.data_offset == size - info.src->bytes_in_buffer;
  if (!same) return false;
  for (int i = 0; i < frame.num_components; ++i) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(i)];
    if (!is_same_component(component, info.comp_info[i], is_one)) return false;
  }
  for (int i = 0; i < scan.num_components; ++i) {
    if (!is_same_scan_component(reader, i, info)) return false;
  }
  return true;
}

// What 8-bit Huffman decoding of 1, 3 or 4 components leaves out, libjpeg may well accept.
inline bool is_beyond_us(const LibjpegWitness& witness) {
  const jpeg_decompress_struct& info = witness.info();
  return info.arith_code || info.num_components == 2 || info.num_components > 4 ||
         info.data_precision != 8 || witness.error_code() == JERR_SOF_UNSUPPORTED;
}

inline bool agrees(const Bytes& jpeg) {
  MarkerReader reader;
  const Status status = reader.open({jpeg.data(), jpeg.size()});
  LibjpegWitness witness({jpeg.data(), jpeg.size()});
  bool is_accepted = witness.read_header();
  const std::int64_t pixels =
      std::int64_t{witness.info().image_width} * witness.info().image_height;
  const bool is_bomb = is_accepted && pixels > kMaxWitnessPixels;
  if (is_accepted && !is_bomb) is_accepted = witness.start_first_scan();
  if (status.fault() == Fault::kUnsupportedImage) return !is_accepted || is_beyond_us(witness);
  if (is_bomb) return true;
  const int side = std::max(reader.frame().width, reader.frame().height);
  if (status.ok() && side > JPEG_MAX_DIMENSION) return !is_accepted;  // libjpeg's limit, not T.81's
  if (status.ok() != is_accepted) {
    std::fprintf(stderr, "ours: %s; libjpeg: %s\n", status.ok() ? "ok" : status.message().c_str(),
                 is_accepted ? "ok" : witness.error_message());
    return false;
  }
  if (!status.ok()) return !status.message().empty() && status.byte_offset() >= 0;
  const bool is_damaged = !reader.damage().ok();
  return is_damaged == witness.warned(JWRN_JPEG_EOF) &&
         is_same(reader, witness.info(), jpeg.size());
}

}  // namespace fastpass_test
