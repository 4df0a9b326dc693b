// Entropy-coded data without its byte stuffing (ITU-T T.81, B.1.1.5): the decoder then never looks
// for an FF.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/view.h"

namespace fastpass {

// What remove_stuffing() did.
struct CleanData {
  std::size_t size = 0;  // bytes written
  std::size_t end = 0;   // where in the input reading stopped: at a marker, or at its end
};

// Copies data up to the first marker, every FF 00 as FF. `out` has room for all of the input.
CleanData remove_stuffing(Span data, std::uint8_t* out);

// How many input bytes the first `num_clean` bytes of the output stand for.
std::size_t stuffed_size(Span data, std::size_t num_clean);

}  // namespace fastpass
