#include "pack/reading_section.h"

#include <algorithm>
#include <string_view>

#include "pack/label_text.h"

namespace fastpass {
namespace {

void put(std::string_view text, std::vector<std::uint8_t>* section) {
  section->insert(section->end(), text.begin(), text.end());
  section->push_back(0);
}

// Takes one text after the other from the front of a section.
class Texts {
 public:
  explicit Texts(Span section) : rest_(reinterpret_cast<const char*>(section.data), section.size) {}

  bool is_at_end() const { return rest_.empty(); }
  bool take(std::string* text) {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) return false;
    *text = std::string(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return true;
  }
  bool take(std::uint64_t* number) {
    std::string text;
    std::int64_t value;
    if (!take(&text) || !parse_label(text, &value)) return false;
    *number = static_cast<std::uint64_t>(value);
    return true;
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::vector<std::uint8_t> make_reading_section(const Contents& contents) {
  const bool has_labels = std::any_of(contents.samples.begin(), contents.samples.end(),
                                      [](const SampleEntry& sample) { return sample.label >= 0; });
  const bool is_known =
      contents.layout == Layout::kPass || (contents.layout == Layout::kWebDataset && has_labels);
  if (is_known && contents.num_ignored == 0) return {};
  std::vector<std::uint8_t> section;
  put(std::to_string(kReadingRules), &section);
  for (const LeftOut& left_out : contents.left_out) {
    put(left_out.reason, &section);
    put(std::to_string(left_out.count), &section);
    put(std::to_string(left_out.examples.size()), &section);
    for (const std::string& example : left_out.examples) put(example, &section);
  }
  return section;
}

bool parse_reading_section(Span section, std::uint64_t* rules, std::vector<LeftOut>* left_out) {
  left_out->clear();
  Texts texts(section);
  if (!texts.take(rules)) return false;
  while (!texts.is_at_end()) {
    LeftOut& reason = left_out->emplace_back();
    std::uint64_t num_examples;
    if (!texts.take(&reason.reason) || !texts.take(&reason.count) || !texts.take(&num_examples) ||
        num_examples > reason.count) {
      return false;
    }
    for (std::uint64_t i = 0; i < num_examples; ++i) {
      if (!texts.take(&reason.examples.emplace_back())) return false;
    }
  }
  return true;
}

}  // namespace fastpass
