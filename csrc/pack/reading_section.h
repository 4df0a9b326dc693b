// What an index says about how it was made: the rules, and the files that are no samples.
#pragma once

#include <cstdint>
#include <vector>

#include "common/view.h"
#include "pack/grouping.h"

namespace fastpass {

// The rules of docs/pack.md. The first, without this section, and the second read some tars without
// labels in other ways.
constexpr std::uint64_t kReadingRules = 3;

// kReadingSection, a list of texts, each ended by a zero byte: the number of the rules; then for
// each reason: its name, the number of files, the number of examples, the examples.
// Empty where all rules are the same, and nothing is left out: WebDataset tars with labels, PASS.
std::vector<std::uint8_t> make_reading_section(const Contents& contents);

// False where the section is damaged.
bool parse_reading_section(Span section, std::uint64_t* rules, std::vector<LeftOut>* left_out);

}  // namespace fastpass
