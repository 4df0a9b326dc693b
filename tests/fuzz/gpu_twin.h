// A fuzzer input through the passes of a GPU, on its twin.
#pragma once

#include "common/view.h"
#include "decode/decoder.h"

namespace fastpass_fuzz {

enum class GpuOutcome {
  kSame,     // refused with the CPU's words, or decoded to its pixels
  kGivenUp,  // left to the CPU
  kOther,
};

// `options` may hold a crop and a seek index.
GpuOutcome compare_gpu_twin(fastpass::Span input, const fastpass::DecodeOptions& options);

}  // namespace fastpass_fuzz
