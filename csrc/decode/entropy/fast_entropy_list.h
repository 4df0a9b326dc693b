// The builds of fast_entropy_kernel.h.
#pragma once

#include "decode/entropy/fast_entropy.h"

namespace fastpass {

DecodeRun plain_fast_entropy_decoder();
DecodeRun bmi2_fast_entropy_decoder();

}  // namespace fastpass
