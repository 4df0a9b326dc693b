// A decoder that is written in Python, for what no JPEG backend knows.
#pragma once

#include <pybind11/pybind11.h>

#include "feed/sample_plan.h"

namespace fastpass {

// `decode(bytes, max_pixels, apply_orientation)` returns uint8 [height, width, 3]. The callable is
// kept, and let go with the GIL held, by whichever thread lets go of it last.
ForeignDecoder make_foreign_decoder(pybind11::function decode);

}  // namespace fastpass
