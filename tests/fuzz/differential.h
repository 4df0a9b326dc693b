// One fuzzer input: the same JPEG through every decoder, whole, scaled, cropped and indexed.
#pragma once

#include <cstdint>

#include "common/view.h"

namespace fastpass_fuzz {

// What turbo and another decoder said, over all inputs.
struct Tally {
  std::int64_t num_inputs = 0;
  std::int64_t both_accept = 0;  // and agree
  std::int64_t only_turbo = 0;   // the other calls the file damaged
  std::int64_t unsupported =
      0;  // only turbo accepts; the other says that it does not know the kind
  std::int64_t only_other = 0;
  std::int64_t both_refuse = 0;
  // With on_damage "fill", of the files that one of them refuses without: counted only, since what
  // is made up is not defined.
  std::int64_t fill_same = 0;  // both refuse, or the same pixels
  std::int64_t fill_other_pixels = 0;
  std::int64_t fill_one_refuses = 0;
  std::int64_t indexed = 0;  // decodes with a seek index
  // On the twin of a GPU, at a random scale and in a random crop.
  std::int64_t device_same = 0;      // decoded to the CPU's pixels, or refused with its words
  std::int64_t device_given_up = 0;  // left to the CPU
};

// Returns whether the first decoder accepts the input. Aborts, after saying why on stderr, when two
// decoders accept a file and disagree about its pixels, when a crop is not the slice of the whole,
// when an index changes pixels, or when a GPU's passes decode what the CPU refuses or decodes to
// other pixels. The last eight bytes of the input draw scale and crop; behind a
// JPEG they change nothing else.
bool compare_decoders(fastpass::Span input, Tally* tally);

void print_tally(const Tally& tally);

}  // namespace fastpass_fuzz
