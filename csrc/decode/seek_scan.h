// Making the seek index of a JPEG.
#pragma once

#include <cstdint>
#include <vector>

#include "common/status.h"
#include "common/view.h"

namespace fastpass {

// Walks the entropy-coded data once. Empty, and no fault, for a file that gets no index:
// progressive, in several scans, arithmetic, damaged, too small for two entries within 2 %, above
// kDefaultMaxPixels, or no JPEG at all. kOutOfMemory is the only fault.
Status build_seek_index(Span jpeg, std::vector<std::uint8_t>* index);

}  // namespace fastpass
