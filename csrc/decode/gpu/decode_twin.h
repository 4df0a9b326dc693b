// The passes of a batch on the CPU, in the place of a GPU: see shuffled.h.
#pragma once

#include <cstdint>
#include <memory>

#include "decode/gpu/batch_decoder.h"

namespace fastpass {

// Safe from any thread. `seed`: of the order in which lanes run.
std::unique_ptr<DecodeKernels> make_twin_decode_kernels(std::uint64_t seed);

}  // namespace fastpass
