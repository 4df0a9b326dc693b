#include "pack/layout.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include "common/quote.h"
#include "pack/naming.h"

namespace fastpass {
namespace {

Status bad(const File& tar, const std::string& reason, std::uint64_t offset) {
  return Status(Fault::kBadPack, quoted(tar.path()) + ": " + reason,
                static_cast<std::int64_t>(offset));
}

// Only what may be part of a sample.
bool is_sample_file(const TarMember& member) {
  return member.kind == MemberKind::kFile && !is_hidden(member.path);
}

bool is_image(const TarMember& member) { return is_image_extension(extension_of(member.path)); }

bool is_pass_path(std::string_view path) {
  constexpr std::string_view kRoot = "PASS_dataset/";
  if (path.substr(0, kRoot.size()) != kRoot) return false;
  path.remove_prefix(kRoot.size());
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  return std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(slash),
                     [](unsigned char letter) { return std::isdigit(letter) != 0; });
}

bool is_in_class_folder(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash != 0 && slash != std::string_view::npos && slash == path.rfind('/');
}

Layout detect_layout(const std::vector<TarMember>& members) {
  bool is_pass = true, is_class_folders = true;
  for (const TarMember& member : members) {
    if (!is_sample_file(member)) continue;
    const std::string extension = extension_of(member.path);
    if (extension == "cls" || extension == "json") return Layout::kWebDataset;
    if (!is_image_extension(extension)) continue;
    is_pass = is_pass && is_pass_path(member.path);
    is_class_folders = is_class_folders && is_in_class_folder(member.path);
  }
  return is_pass ? Layout::kPass : is_class_folders ? Layout::kClassFolders : Layout::kPlain;
}

// Splits a path into key and field ("jpg", "cls", "seg.png"), as the layout has it.
struct Name {
  std::string_view key;
  std::string field;

  Name(std::string_view path, Layout layout) {
    const std::string_view base = base_name(path);
    const std::size_t dot = layout == Layout::kWebDataset ? base.find('.') : base.rfind('.');
    const std::size_t length = dot == std::string_view::npos ? base.size() : dot;
    key = path.substr(0, path.size() - base.size() + length);
    if (length < base.size()) field = lower_case(base.substr(length + 1));
  }
};

struct Group {
  std::string_view key;
  const TarMember* image = nullptr;
  const TarMember* label = nullptr;
  const TarMember* metadata = nullptr;
  const TarMember* other_image = nullptr;  // "a.seg.png": an image, but not *the* image
};

class Grouper {
 public:
  Grouper(const File& tar, const std::vector<TarMember>& members, TarContents* contents)
      : tar_(tar), members_(members), contents_(contents) {}

  Status run();

 private:
  Status add(const TarMember& member);
  Status finish(const Group& group);
  Status read_label(const Group& group, std::int64_t* label) const;
  Status missing_image(const Group& group) const;
  void name_classes();

  const File& tar_;
  const std::vector<TarMember>& members_;
  TarContents* contents_;
  std::vector<Group> groups_;
  std::unordered_map<std::string_view, std::size_t> group_of_key_;
};

Status Grouper::add(const TarMember& member) {
  if (member.kind == MemberKind::kOther) return Status();
  const Name name(member.path, contents_->layout);
  const bool is_wanted = is_image(member) || name.field == "cls" || name.field == "json";
  if (is_hidden(member.path) || !is_wanted) {
    ++contents_->num_ignored;
    return Status();
  }
  if (member.kind == MemberKind::kLink) {
    return bad(tar_,
               "member " + quoted(member.path) +
                   " is a link; make the tar with --dereference --hard-dereference",
               member.header_offset());
  }
  const auto [found, is_new] = group_of_key_.emplace(name.key, groups_.size());
  if (is_new) {
    groups_.emplace_back();
    groups_.back().key = name.key;
  }
  Group& group = groups_[found->second];
  if (is_image(member) && !is_image_extension(name.field)) {
    group.other_image = &member;
    ++contents_->num_ignored;
    return Status();
  }
  const TarMember*& place = name.field == "cls"    ? group.label
                            : name.field == "json" ? group.metadata
                                                   : group.image;
  if (place != nullptr) {
    return bad(tar_,
               "sample " + quoted(name.key) + " has both " + quoted(place->path) + " at byte " +
                   std::to_string(place->data_offset) + " and " + quoted(member.path),
               member.data_offset);
  }
  place = &member;
  return Status();
}

Status Grouper::missing_image(const Group& group) const {
  std::string fields;
  for (const TarMember& member : members_) {
    if (!is_sample_file(member)) continue;
    const Name name(member.path, contents_->layout);
    if (name.key == group.key) fields += (fields.empty() ? "." : ", .") + printable(name.field);
  }
  const TarMember* first = group.label != nullptr      ? group.label
                           : group.metadata != nullptr ? group.metadata
                                                       : group.other_image;
  return bad(tar_,
             "sample " + quoted(group.key) + " has " + fields +
                 " but no image (.jpg, .jpeg, .png or .webp)",
             first->header_offset());
}

Status Grouper::read_label(const Group& group, std::int64_t* label) const {
  constexpr std::uint64_t kLongestLabel = 32, kLargestLabel = std::uint64_t{1} << 53;
  const TarMember& member = *group.label;
  char text[kLongestLabel] = {};
  if (member.num_bytes <= kLongestLabel) {
    FASTPASS_RETURN_IF_ERROR(tar_.read(member.data_offset, text, member.num_bytes));
  }
  std::string_view digits(text, std::min(member.num_bytes, kLongestLabel));
  const std::string_view blanks(" \t\r\n");
  digits.remove_prefix(std::min(digits.find_first_not_of(blanks), digits.size()));
  digits = digits.substr(0, digits.find_last_not_of(blanks) + 1);
  bool is_number = !digits.empty() && member.num_bytes <= kLongestLabel;
  std::uint64_t value = 0;
  for (const char digit : digits) {
    is_number = is_number && digit >= '0' && digit <= '9' && value < kLargestLabel;
    if (is_number) value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (!is_number || value > kLargestLabel) {
    return bad(tar_,
               "member " + quoted(member.path) +
                   " is no label: wanted a whole number from 0 in ASCII digits",
               member.data_offset);
  }
  *label = static_cast<std::int64_t>(value);
  return Status();
}

Status Grouper::finish(const Group& group) {
  if (group.image == nullptr) return missing_image(group);
  SampleEntry entry;
  entry.key = std::string(group.key);
  entry.image_offset = group.image->data_offset;
  entry.image_bytes = group.image->num_bytes;
  if (group.metadata != nullptr) {
    entry.metadata_offset = group.metadata->data_offset;
    entry.metadata_bytes = group.metadata->num_bytes;
  }
  if (group.label != nullptr) FASTPASS_RETURN_IF_ERROR(read_label(group, &entry.label));
  contents_->samples.push_back(std::move(entry));
  return Status();
}

void Grouper::name_classes() {
  std::vector<std::string>& names = contents_->class_names;
  const auto class_of = [](const SampleEntry& sample) {
    return sample.key.substr(0, sample.key.find('/'));
  };
  for (const SampleEntry& sample : contents_->samples) {
    if (names.empty() || names.back() != class_of(sample)) names.push_back(class_of(sample));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (SampleEntry& sample : contents_->samples) {
    sample.label = std::lower_bound(names.begin(), names.end(), class_of(sample)) - names.begin();
  }
}

Status Grouper::run() {
  contents_->layout = detect_layout(members_);
  for (const TarMember& member : members_) FASTPASS_RETURN_IF_ERROR(add(member));
  for (const Group& group : groups_) FASTPASS_RETURN_IF_ERROR(finish(group));
  if (contents_->samples.empty()) {
    return bad(tar_,
               "no image (.jpg, .jpeg, .png or .webp) among its " +
                   std::to_string(members_.size()) + " members",
               0);
  }
  if (contents_->layout == Layout::kClassFolders) name_classes();
  return Status();
}

}  // namespace

Status group_members(const File& tar, const std::vector<TarMember>& members,
                     TarContents* contents) {
  *contents = TarContents();
  return Grouper(tar, members, contents).run();
}

}  // namespace fastpass
