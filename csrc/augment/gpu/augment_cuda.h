// The passes of a batch of views on a CUDA GPU.
#pragma once

#include <memory>

#include "augment/gpu/batch_renderer.h"

namespace fastpass {

std::unique_ptr<RenderKernels> make_cuda_render_kernels(int ordinal);

}  // namespace fastpass
