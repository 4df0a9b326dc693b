// The orientation tag of an EXIF block.
#pragma once

#include <cstdint>

#include "common/view.h"

namespace fastpass {

// `tiff` begins with the byte-order mark "II" or "MM" (TIFF 6.0, section 2; EXIF 2.32, 4.6.4 A).
// Returns 1..8; 1 where the tag is absent or the block is damaged: EXIF is decoration, and a
// broken one must not make a good image unreadable.
std::uint8_t read_exif_orientation(Span tiff);

}  // namespace fastpass
