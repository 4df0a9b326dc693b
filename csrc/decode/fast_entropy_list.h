// The builds of fast_entropy_kernel.h.
#pragma once

#include "decode/fast_entropy.h"

namespace fastpass {

DecodeRun portable_fast_entropy_decoder();
DecodeRun bmi2_fast_entropy_decoder();

}  // namespace fastpass
