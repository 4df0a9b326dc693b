// Color jitter and grayscale of a view on the CPU.
#pragma once

#include "augment/cpu/view_routines.h"
#include "augment/params.h"

namespace fastpass {

void apply_color(const ViewRoutines& routines, const ViewParams& params, const ViewRows& view);

}  // namespace fastpass
