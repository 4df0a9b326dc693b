// Our coefficients against libjpeg-turbo's, for whole and for damaged files.
#pragma once

#include <cstdio>
#include <string>

#include "decode/entropy/coefficient_decoder.h"
#include "support/check.h"
#include "support/libjpeg_witness.h"

namespace fastpass_test {

constexpr std::int64_t kMaxTestPixels = 40'000'000;

enum class Agreement {
  kSame,         // identical coefficients, or both refuse
  kNotCompared,  // not ours to decode, too large, or beyond what the witness can tell
  kDifferent,
};

// What libjpeg-turbo warns of when it invents coefficients. It warns of a missing end of file as
// well, which alone is no damage.
inline bool has_warned_of_damage(const LibjpegWitness& witness) {
  return witness.warned(JWRN_HIT_MARKER) || witness.warned(JWRN_HUFF_BAD_CODE) ||
         witness.warned(JWRN_MUST_RESYNC);
}

inline bool is_same_block(const std::int16_t* ours, const JCOEF* theirs) {
  for (int i = 0; i < 64; ++i) {
    if (ours[i / 8 * fastpass::kGroupStride + i % 8] != theirs[i]) return false;
  }
  return true;
}

inline bool has_same_coefficients(const fastpass::Frame& frame,
                                  const fastpass::CoefficientImage& image,
                                  LibjpegWitness* witness) {
  const fastpass::ChunkLayout& layout = image.layout();
  for (int i = 0; i < frame.num_components; ++i) {
    const auto& component = frame.components[static_cast<std::size_t>(i)];
    const int chunk_width = layout.mcus * component.h;
    for (int y = 0; y < component.height_in_blocks; ++y) {
      for (int x = 0; x < component.width_in_blocks; ++x) {
        const std::int16_t* chunk = image.chunk(y / component.v, x / chunk_width);
        const int offset = layout.block_offset(i, y % component.v, x % chunk_width);
        if (is_same_block(chunk + offset, witness->block(i, y, x))) continue;
        std::fprintf(stderr, "component %d, block row %d, column %d differs\n", i, y, x);
        return false;
      }
    }
  }
  return true;
}

struct Decoded {
  fastpass::MarkerReader markers;
  fastpass::CoefficientImage image;
  fastpass::CoefficientDecoder decoder;
  fastpass::Status status;
  fastpass::Status damage;
};

inline bool wants_smoothing(const Decoded& decoded) {
  return wants_block_smoothing(decoded.markers.frame(), decoded.decoder.sent_bits().known);
}

inline void decode(fastpass::Span jpeg, Decoded* decoded) {
  decoded->damage = {};
  decoded->status = decoded->markers.open(jpeg);
  if (!decoded->status.ok()) return;
  const fastpass::CoefficientLimits limits = {kMaxTestPixels, fastpass::kDefaultMaxScanBlocks};
  decoded->status =
      decoded->decoder.decode(&decoded->markers, jpeg, limits, &decoded->image, &decoded->damage);
}

// Decodes with both. The damage we report covers all that libjpeg-turbo warns of, and is told with
// a place in the file.
inline Agreement compare_with_libjpeg(fastpass::Span jpeg, Decoded* decoded) {
  decode(jpeg, decoded);
  const fastpass::Fault fault = decoded->status.fault();
  LibjpegWitness witness(jpeg);
  const bool has_header = witness.read_header();
  const bool is_too_large = fault == fastpass::Fault::kImageTooLarge;
  if (fault == fastpass::Fault::kUnsupportedImage || is_too_large) return Agreement::kNotCompared;
  const bool is_read = has_header && witness.read_coefficients();
  // The witness reads the markers behind the last row of a single scan; we do not.
  const bool is_single = decoded->status.ok() && decoded->markers.is_single_scan();
  if (!is_read && is_single) return Agreement::kNotCompared;
  if (is_read != decoded->status.ok()) {
    std::fprintf(stderr, "ours: %s; libjpeg: %s\n", decoded->status.message().c_str(),
                 witness.error_message());
    return Agreement::kDifferent;
  }
  if (!is_read) return Agreement::kSame;
  const bool is_filled = decoded->damage.message().find("FF FF 00") != std::string::npos;
  if (is_filled) return Agreement::kNotCompared;
  const fastpass::Status& damage = decoded->damage;
  const bool is_told =
      damage.ok() || (damage.byte_offset() >= 0 && damage.byte_offset() <= std::int64_t(jpeg.size));
  const bool is_missed = damage.ok() && has_warned_of_damage(witness);
  // The end of the file may lie behind a single scan's last row.
  const bool is_behind = is_single && !witness.warned(JWRN_HIT_MARKER) &&
                         !witness.warned(JWRN_HUFF_BAD_CODE) && !witness.warned(JWRN_MUST_RESYNC);
  if (!is_told || (is_missed && !is_behind)) {
    std::fprintf(stderr, "damage that libjpeg warned of was missed\n");
    return Agreement::kDifferent;
  }
  const bool same = has_same_coefficients(decoded->markers.frame(), decoded->image, &witness);
  return same ? Agreement::kSame : Agreement::kDifferent;
}

}  // namespace fastpass_test
