// What Python holds of a GPU: all that stages run on it. The loader uses its part of this; search
// has its own.
#pragma once

#include <memory>

#include "curate/gpu/gpu_search.h"
#include "feed/gpu.h"

namespace fastpass {

struct GpuHandle : Gpu {
  std::unique_ptr<SearchKernels> search;
};

}  // namespace fastpass
