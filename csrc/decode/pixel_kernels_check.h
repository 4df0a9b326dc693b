// A trial of vector code before it is used for the first time.
#pragma once

#include "decode/pixel_kernels.h"

namespace fastpass {

// Whether both give the same bytes for one round of pseudo-random blocks and rows.
bool agree(const PixelKernels& a, const PixelKernels& b);

}  // namespace fastpass
