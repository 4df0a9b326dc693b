// The passes of a batch on a CUDA GPU.
#pragma once

#include <memory>

#include "decode/gpu/batch_decoder.h"

namespace fastpass {

std::unique_ptr<DecodeKernels> make_cuda_decode_kernels(int ordinal);

}  // namespace fastpass
