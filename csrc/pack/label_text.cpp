#include "pack/label_text.h"

#include <algorithm>

namespace fastpass {

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks(" \t\r\n");
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);  // npos + 1 is 0
}

bool parse_label(std::string_view text, std::int64_t* label) {
  if (text.empty()) return false;
  *label = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return false;
    *label = *label * 10 + (digit - '0');
    if (*label > kLargestLabel) return false;
  }
  return true;
}

void number_labels(const std::vector<std::string>& texts, std::vector<std::int64_t>* labels,
                   std::vector<std::string>* class_names) {
  labels->assign(texts.size(), -1);
  class_names->clear();
  bool are_numbers = true;
  for (std::size_t i = 0; i < texts.size() && are_numbers; ++i) {
    if (!texts[i].empty()) are_numbers = parse_label(texts[i], &(*labels)[i]);
  }
  if (are_numbers) return;
  for (const std::string& text : texts) {
    if (!text.empty()) class_names->push_back(text);
  }
  std::sort(class_names->begin(), class_names->end());
  class_names->erase(std::unique(class_names->begin(), class_names->end()), class_names->end());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto found = std::lower_bound(class_names->begin(), class_names->end(), texts[i]);
    (*labels)[i] = texts[i].empty() ? -1 : found - class_names->begin();
  }
}

}  // namespace fastpass
