// Small valid JPEGs of every kind that libjpeg-turbo writes: what fuzzing starts from, together
// with the hostile files where those are.
#pragma once

#include <vector>

#include "mutate.h"

namespace fastpass_fuzz {

// Gray to CMYK, five samplings, sequential, progressive and arithmetic, with and without restarts.
std::vector<Bytes> make_seeds();

}  // namespace fastpass_fuzz
