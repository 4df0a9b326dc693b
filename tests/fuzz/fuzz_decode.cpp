// The libFuzzer target (clang, -DFASTPASS_LIBFUZZER=ON); scripts/fuzz.sh builds and runs it.
#include <algorithm>
#include <cstdlib>

#include "differential.h"
#include "mutate.h"

namespace {

fastpass_fuzz::Tally tally;

void print_at_exit() { fastpass_fuzz::print_tally(tally); }

}  // namespace

// libFuzzer's own functions.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" int LLVMFuzzerInitialize(int*, char***) { return std::atexit(print_at_exit); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fastpass_fuzz::compare_decoders({data, size}, &tally);
  return 0;
}

// Half blind, half with an eye for markers.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  if (seed % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  fastpass_fuzz::Random random(seed);
  const fastpass_fuzz::Bytes base(data, data + size);
  const fastpass_fuzz::Bytes mutant = fastpass_fuzz::mutate(base, base, random);
  const std::size_t kept = std::min(mutant.size(), max_size);
  std::copy_n(mutant.begin(), kept, data);
  return kept;
}
