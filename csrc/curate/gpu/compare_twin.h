// Comparing codes on the CPU, in the place of a GPU: see shuffled.h.
#pragma once

#include <cstdint>
#include <memory>

#include "curate/gpu/gpu_search.h"

namespace fastpass {

// Safe from any thread. `seed`: of the order in which lanes run.
std::unique_ptr<CompareKernels> make_twin_compare_kernels(std::uint64_t seed);

}  // namespace fastpass
