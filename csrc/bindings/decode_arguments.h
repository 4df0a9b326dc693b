// What both decoders, on the CPU and on a GPU, take from Python.
#pragma once

#include <pybind11/stl.h>

#include <array>
#include <cstdint>
#include <optional>

#include "decode/decode_options.h"

namespace fastpass {

using CropArgument = std::optional<std::array<int, 4>>;  // top, left, height, width

inline DecodeOptions make_decode_options(const CropArgument& crop, int scale_denominator,
                                         bool fill_damage, bool apply_orientation,
                                         std::int64_t max_pixels, std::int64_t max_scan_blocks) {
  DecodeOptions options;
  if (crop) options.crop = CropBox{(*crop)[0], (*crop)[1], (*crop)[2], (*crop)[3]};
  options.scale_denominator = scale_denominator;
  options.on_damage = fill_damage ? OnDamage::kFill : OnDamage::kRaise;
  options.applies_orientation = apply_orientation;
  options.max_pixels = max_pixels;
  options.max_scan_blocks = max_scan_blocks;
  return options;
}

}  // namespace fastpass
