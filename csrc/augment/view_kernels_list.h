// The tables that this build holds; view_kernels_x86.cpp or view_kernels_any.cpp says which of them
// the processor can run.
#pragma once

#include "augment/view_kernels.h"

namespace fastpass {

extern const ViewKernels kPortableViewKernels;
extern const ViewKernels kAvx2ViewKernels;

}  // namespace fastpass
