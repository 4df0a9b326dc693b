// Comparing blocks of codes with blocks of codes: one table of functions per instruction set.
//
// Note [Two words first]. Nearly all pairs are far apart, and two words tell: random codes of 128
// bits are within 31 bits of one another once in 10^8 times. The rest of a code is looked at where
// its first two words are within the radius.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/instruction_sets.h"

namespace fastpass {

struct CodePair {
  std::uint32_t first = 0;  // positions in their blocks' planes
  std::uint32_t second = 0;
  std::int32_t distance = 0;
};

// Codes [begin, end) of some planes; the order of the words is the caller's, the first two are
// looked at first.
struct CodeBlock {
  const std::uint64_t* const* words = nullptr;
  int num_words = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The inner loop of brute-force search for one instruction set.
struct HammingRoutines {
  const char* name;  // "plain", "avx2", "avx512"

  // Appends every pair of a code of `a` and one of `b` within `radius`; with `is_upper` only those
  // whose position in `b` is the larger one. Words of both blocks have the same order; up to seven
  // words behind b.end are read.
  void (*find_close)(const CodeBlock& a, const CodeBlock& b, int radius, bool is_upper,
                     std::vector<CodePair>* pairs);
};

extern const HammingRoutines kPlainHammingRoutines;
extern FASTPASS_X86_ONLY const HammingRoutines kAvx2HammingRoutines;
extern FASTPASS_X86_ONLY const HammingRoutines kAvx512HammingRoutines;

// Of the plain table, for the others too. The rare rest of a comparison: the full distance, and the
// pair where it is close.
void add_if_close(const CodeBlock& a, const CodeBlock& b, std::size_t i, std::size_t j, int radius,
                  std::vector<CodePair>* pairs);

// Those that this processor can run, the best last.
const std::vector<const HammingRoutines*>& available_hamming_routines();
// "auto": the best. nullptr where there is none of that name.
const HammingRoutines* hamming_routines(const char* name);

}  // namespace fastpass
