// The functions that this build holds; hamming_routines_choice_x86.cpp or
// hamming_routines_choice_other.cpp says which of them the processor can run.
#pragma once

#include "curate/search/hamming_routines.h"

namespace fastpass {

void find_close_plain(const CodeBlock& a, const CodeBlock& b, int radius, bool is_upper,
                      std::vector<CodePair>* pairs);
void find_close_avx2(const CodeBlock& a, const CodeBlock& b, int radius, bool is_upper,
                     std::vector<CodePair>* pairs);
void find_close_avx512(const CodeBlock& a, const CodeBlock& b, int radius, bool is_upper,
                       std::vector<CodePair>* pairs);

// The rare rest of a comparison: the full distance, and the pair where it is close.
void add_if_close(const CodeBlock& a, const CodeBlock& b, std::size_t i, std::size_t j, int radius,
                  std::vector<CodePair>* pairs);

}  // namespace fastpass
