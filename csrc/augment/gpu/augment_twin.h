// The passes of a batch of views on the CPU, in the place of a GPU: see shuffled.h.
#pragma once

#include <cstdint>
#include <memory>

#include "augment/gpu/batch_renderer.h"

namespace fastpass {

// Safe from any thread. `seed`: of the order in which lanes run.
std::unique_ptr<RenderKernels> make_twin_render_kernels(std::uint64_t seed);

}  // namespace fastpass
