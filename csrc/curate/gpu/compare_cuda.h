// Comparing codes on a CUDA GPU.
#pragma once

#include <memory>

#include "curate/gpu/gpu_search.h"

namespace fastpass {

std::unique_ptr<CompareKernels> make_cuda_compare_kernels(int ordinal);

}  // namespace fastpass
