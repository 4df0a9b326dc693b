// The passes of a batch that BatchDecoder has planned, in the order in which they run; a pass
// without blocks or lanes is left out.
#pragma once

#include <cstdint>

#include "decode/gpu/gpu_pixels.h"
#include "decode/gpu/gpu_scan.h"
#include "decode/gpu/gpu_spans.h"

namespace fastpass {

// All passes of a batch with their numbers of blocks or lanes.
struct DecodePasses {
  std::int64_t num_spans = 0;
  DecodeSpans spans;
  int num_scans = 0;
  DecodeScans scans;
  int num_transform_blocks = 0;
  TransformBlocks transform;
  int num_color_blocks = 0;
  ColorPixels color;
};

}  // namespace fastpass
