// Color jitter and grayscale of a view on the CPU.
#pragma once

#include "augment/params.h"
#include "augment/view_kernels.h"

namespace fastpass {

void apply_color(const ViewKernels& kernels, const ViewParams& params, const ViewRows& view);

}  // namespace fastpass
