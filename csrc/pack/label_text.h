// Labels as they stand in small files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fastpass {

constexpr std::uint64_t kLongestLabel = 1024;  // bytes
constexpr std::int64_t kLargestLabel = std::int64_t{1} << 53;

// Without the blanks and line ends around it.
std::string_view without_blanks(std::string_view text);

// A whole number of at most kLargestLabel in ASCII digits.
bool parse_label(std::string_view text, std::int64_t* label);

// labels[i] for texts[i], -1 where that is empty: the numbers themselves if all texts are numbers
// (then `class_names` is empty), else indexes into the sorted names.
void number_labels(const std::vector<std::string>& texts, std::vector<std::int64_t>* labels,
                   std::vector<std::string>* class_names);

}  // namespace fastpass
