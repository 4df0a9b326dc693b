// One fuzzer input: the same JPEG through every decoder, whole, scaled, cropped and indexed.
#pragma once

#include <cstdint>

#include "common/view.h"

namespace fastpass_fuzz {

// What turbo and another decoder said, in files and over all decoders.
struct Tally {
  std::int64_t num_inputs = 0;
  std::int64_t both_accept = 0;
  std::int64_t only_turbo = 0;
  std::int64_t only_other = 0;
  std::int64_t both_refuse = 0;
  std::int64_t fill_same = 0;       // on_damage "fill": the same pixels, or both refuse
  std::int64_t fill_different = 0;  // counted only: what is made up is not defined
  std::int64_t indexed = 0;         // files that got a seek index, which was used
};

// Returns whether the first decoder accepts the input. Aborts, after saying why on stderr, when two
// decoders accept a file and disagree about its pixels, when a crop is not the slice of the whole,
// or when an index changes pixels. The last eight bytes of the input draw scale and crop; behind a
// JPEG they change nothing else.
bool compare_decoders(fastpass::Span input, Tally* tally);

void print_tally(const Tally& tally);

}  // namespace fastpass_fuzz
