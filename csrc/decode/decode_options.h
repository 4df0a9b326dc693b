// What a caller may ask of a decoder.
#pragma once

#include <cstdint>
#include <optional>

#include "common/crop_box.h"
#include "common/view.h"
#include "decode/syntax/scan_budget.h"

namespace fastpass {

// What becomes of a file whose entropy-coded data are damaged.
enum class OnDamage : std::uint8_t {
  kRaise,  // damaged entropy-coded data is a kCorruptImage
  kFill,   // keep what was decoded, and what libjpeg-turbo fills in for the rest
};

// Pillow's limit for "surely a decompression bomb".
constexpr std::int64_t kDefaultMaxPixels = 178956970;

// What the caller wants of one image.
struct DecodeOptions {
  std::optional<CropBox> crop;  // in pixels of the image after DCT scaling
  int scale_denominator = 1;    // 1, 2, 4, 8
  OnDamage on_damage = OnDamage::kRaise;
  std::int64_t max_pixels = kDefaultMaxPixels;  // width x height in the file
  Span seek_index;                              // of this very file; empty: none
  bool is_seek_index_verified = false;          // the caller knows that it belongs to this file
  // Blocks that all scans of a file visit together: see ScanBudget.
  std::int64_t max_scan_blocks = kDefaultMaxScanBlocks;
  // Pixels of the image as its EXIF orientation wants it shown; `crop` lies in that image.
  bool applies_orientation = false;
  // Y of YCbCr in all three channels; color need not be decoded. A decoder may ignore this and give
  // colors.
  bool luma_only = false;
};

}  // namespace fastpass
