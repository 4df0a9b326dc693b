// A trial of vector code before it is used for the first time.
#pragma once

#include "decode/pixels/pixel_routines.h"

namespace fastpass {

// Whether both give the same bytes for one round of pseudo-random blocks and rows.
bool agree(const PixelRoutines& a, const PixelRoutines& b);

}  // namespace fastpass
