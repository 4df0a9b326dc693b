#include "pack/grouping.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "common/quote.h"
#include "pack/label_text.h"
#include "pack/naming.h"

namespace fastpass {
namespace {

constexpr std::uint32_t kNothing = 0xFFFFFFFFu;

// Files with one key, as a list through `next_`.
struct Group {
  std::uint32_t first, last;
};

class Grouper {
 public:
  Grouper(const Source& source, const std::vector<Member>& members, const ReadingOptions& options,
          const Reading& reading, Contents* contents)
      : source_(source),
        members_(members),
        options_(options),
        reading_(reading),
        contents_(*contents),
        next_(members.size(), kNothing) {}

  Status run();

 private:
  Status bad(const std::string& reason, const Member& where, bool at_data = false) const;
  const Member& member(std::uint32_t index) const { return members_[index]; }
  std::string_view key(std::uint32_t index) const {
    const std::string_view path = member(index).path;
    return path.substr(0, key_length(path, reading_.to_first_dot));
  }
  // Behind the key and its dot, in lower case: "jpg", "seg.png"; empty for a file without a dot.
  std::string field(std::uint32_t index) const;
  bool is_image(std::uint32_t index) const {
    return member(index).has_content() && is_image_extension(extension_of(member(index).path));
  }
  // Of kImageFolder; empty for what is in no class folder.
  std::string_view class_of(const Member& member) const;
  bool is_outside_classes(const Member& member) const {
    return reading_.layout == Layout::kImageFolder && class_of(member).empty();
  }

  void gather(std::uint32_t index);
  void leave_out(std::uint32_t index, Company company);
  Status finish(const Group& group);
  Status finish_fields(const Group& group);
  Status finish_images(const Group& group);
  bool may_be_the_image(const Group& group, std::uint32_t index) const;
  Status choose_image(const Group& group, std::uint32_t* image) const;
  Status several_images(const std::vector<std::uint32_t>& images) const;
  Status choose_field(const Group& group, const std::string& prefix, std::string_view wanted,
                      std::uint32_t* chosen) const;
  Status add_sample(std::uint32_t image, std::size_t key_bytes, std::uint32_t label,
                    std::uint32_t metadata);
  Status read_label(std::uint32_t index, std::string* text) const;
  void name_classes();

  const Source& source_;
  const std::vector<Member>& members_;
  const ReadingOptions& options_;
  const Reading& reading_;
  Contents& contents_;
  std::vector<std::uint32_t> next_;
  std::vector<Group> groups_;
  std::unordered_map<std::string_view, std::size_t> group_of_key_;
  bool has_plain_image_ = false;     // with fields: some image has a field without a dot
  std::vector<std::string> labels_;  // the texts, one per sample
};

Status Grouper::bad(const std::string& reason, const Member& where, bool at_data) const {
  const std::uint64_t offset = at_data ? where.data_offset : where.header_offset();
  return Status(Fault::kBadPack, quoted(source_.path) + ": " + reason,
                source_.is_tar ? static_cast<std::int64_t>(offset) : -1);
}

std::string Grouper::field(std::uint32_t index) const {
  const std::string_view path = member(index).path;
  const std::size_t length = key(index).size();
  return length < path.size() ? lower_case(path.substr(length + 1)) : std::string();
}

void Grouper::gather(std::uint32_t index) {
  const auto [found, is_new] = group_of_key_.emplace(key(index), groups_.size());
  if (is_new) {
    groups_.push_back({index, index});
  } else {
    Group& group = groups_[found->second];
    next_[group.last] = index;
    group.last = index;
  }
  const bool is_plain = is_image(index) && field(index).find('.') == std::string::npos;
  has_plain_image_ = has_plain_image_ || is_plain;
}

void Grouper::leave_out(std::uint32_t index, Company company) {
  ::fastpass::leave_out(member(index), company, options_.lists_left_out, &contents_.left_out);
  ++contents_.num_ignored;
}

Status Grouper::several_images(const std::vector<std::uint32_t>& images) const {
  const Member &one = member(images[0]), &two = member(images[1]);
  const std::string first = printable(field(images[0])), second = printable(field(images[1]));
  const bool have_dots = (first + second).find('.') != std::string::npos;
  return bad("sample " + quoted(key(images[0])) + " has both " + quoted(one.path) + " and " +
                 quoted(two.path) + ", so it can be read in two ways: with image=\"" + first +
                 "\" or with image=\"" + second + "\"; with " +
                 (have_dots ? "keys=\"last_dot\"" : "layout=\"folder\"") +
                 " each is a sample of its own",
             two, true);
}

// Where others have a.jpg, a lone b.seg.png is the mask of an image that is missing; but b.1.jpg is
// no mask if it has a label or metadata of its own, b.1.cls.
bool Grouper::may_be_the_image(const Group& group, std::uint32_t index) const {
  if (!is_image(index)) return false;
  const std::string name = field(index);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || !has_plain_image_) return true;
  for (std::uint32_t i = group.first; i != kNothing; i = next_[i]) {
    const std::string other = field(i);
    if (other == name.substr(0, dot) + ".cls" || other == name.substr(0, dot) + ".json")
      return true;
  }
  return false;
}

// kNothing: the sample has none.
Status Grouper::choose_image(const Group& group, std::uint32_t* image) const {
  *image = kNothing;
  for (const std::string& wanted : options_.image_fields) {
    for (std::uint32_t i = group.first; i != kNothing; i = next_[i]) {
      if (field(i) != wanted) continue;
      if (*image != kNothing) return several_images({*image, i});
      *image = i;
    }
    if (*image != kNothing) return Status();
  }
  if (!options_.image_fields.empty()) return Status();
  std::vector<std::uint32_t> images;
  for (std::uint32_t i = group.first; i != kNothing; i = next_[i]) {
    if (may_be_the_image(group, i)) images.push_back(i);
  }
  if (images.size() > 1) return several_images(images);
  if (images.size() == 1) *image = images[0];
  return Status();
}

// "cls" or, beside the image 05.jpg, 05.cls.
Status Grouper::choose_field(const Group& group, const std::string& prefix, std::string_view wanted,
                             std::uint32_t* chosen) const {
  const std::string with_prefix = prefix + std::string(wanted);
  *chosen = kNothing;
  for (std::uint32_t i = group.first; i != kNothing; i = next_[i]) {
    const std::string name = field(i);
    if (name != wanted && name != with_prefix) continue;
    if (*chosen != kNothing) {
      return bad("sample " + quoted(key(i)) + " has both " + quoted(member(*chosen).path) +
                     " and " + quoted(member(i).path),
                 member(i), true);
    }
    *chosen = i;
  }
  return Status();
}

Status Grouper::read_label(std::uint32_t index, std::string* text) const {
  const Member& where = member(index);
  text->clear();
  if (where.num_bytes <= kLongestLabel) FASTPASS_RETURN_IF_ERROR(source_.read_text(where, text));
  *text = std::string(without_blanks(*text));
  std::int64_t number;
  const bool may_name = options_.label_field.has_value();
  if (may_name ? !text->empty() : parse_label(*text, &number)) return Status();
  return bad("member " + quoted(where.path) + " is no label: wanted a whole number from 0 in " +
                 "ASCII digits" +
                 (may_name ? ", or the name of a class of at most 1024 bytes"
                           : "; with label=\"cls\" texts are taken as names of classes"),
             where, true);
}

Status Grouper::add_sample(std::uint32_t image, std::size_t key_bytes, std::uint32_t label,
                           std::uint32_t metadata) {
  for (const std::uint32_t index : {image, label, metadata}) {
    if (index == kNothing || member(index).kind != MemberKind::kLink) continue;
    return bad("member " + quoted(member(index).path) +
                   " is a link; make the tar with --dereference --hard-dereference",
               member(index));
  }
  SampleEntry entry;
  entry.path = member(image).path;
  entry.key_bytes = key_bytes;
  entry.image_offset = member(image).data_offset;
  entry.image_bytes = member(image).num_bytes;
  if (metadata != kNothing) {
    entry.metadata_path = member(metadata).path;
    entry.metadata_offset = member(metadata).data_offset;
    entry.metadata_bytes = member(metadata).num_bytes;
  }
  std::string& text = labels_.emplace_back();
  if (label != kNothing) FASTPASS_RETURN_IF_ERROR(read_label(label, &text));
  contents_.samples.push_back(std::move(entry));
  return Status();
}

Status Grouper::finish_fields(const Group& group) {
  std::uint32_t image, label = kNothing, metadata = kNothing;
  FASTPASS_RETURN_IF_ERROR(choose_image(group, &image));
  if (image != kNothing) {
    const std::string name = field(image);
    const std::string prefix = name.substr(0, name.rfind('.') + 1);
    const std::string wanted = options_.label_field.value_or("cls");
    const bool has_label_field =
        options_.label_field ? !wanted.empty() : reading_.layout == Layout::kWebDataset;
    if (has_label_field) FASTPASS_RETURN_IF_ERROR(choose_field(group, prefix, wanted, &label));
    FASTPASS_RETURN_IF_ERROR(choose_field(group, prefix, "json", &metadata));
    FASTPASS_RETURN_IF_ERROR(add_sample(image, key(image).size(), label, metadata));
  }
  for (std::uint32_t i = group.first; i != kNothing; i = next_[i]) {
    if (i == image || i == label || i == metadata) continue;
    leave_out(i, image != kNothing ? Company::kImage : Company::kNoImage);
  }
  return Status();
}

// Every image is a sample. Those that differ in their extension alone share label and metadata.
Status Grouper::finish_images(const Group& group) {
  std::vector<std::uint32_t> images;
  std::uint32_t label = kNothing, metadata = kNothing;
  const std::string wanted = options_.label_field.value_or("");
  const auto is_companion = [&](std::uint32_t i) {
    if (reading_.companion_fields.empty()) return false;
    const std::string& path = member(i).path;
    const std::size_t length = key_length(path, true);
    return reading_.companion_fields.count(lower_case(path.substr(length + 1))) != 0;
  };
  for (std::uint32_t i = group.first; i != kNothing; i = next_[i]) {
    if (is_image(i) && !is_companion(i)) images.push_back(i);
  }
  if (!images.empty()) {
    if (!wanted.empty()) FASTPASS_RETURN_IF_ERROR(choose_field(group, "", wanted, &label));
    FASTPASS_RETURN_IF_ERROR(choose_field(group, "", "json", &metadata));
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::string& path = member(images[i]).path;
    if (i > 0 && path == member(images[i - 1]).path) {
      return bad("two members are called " + quoted(path), member(images[i]));
    }
    const std::size_t key_bytes = images.size() > 1 ? path.size() : key(images[i]).size();
    FASTPASS_RETURN_IF_ERROR(add_sample(images[i], key_bytes, label, metadata));
  }
  for (std::uint32_t i = group.first; i != kNothing; i = next_[i]) {
    const bool is_read = std::find(images.begin(), images.end(), i) != images.end();
    if (is_read || i == label || i == metadata) continue;
    const bool has_image = !images.empty() || is_image(i);  // a companion is beside its image
    leave_out(i, has_image ? Company::kImage : Company::kNoImage);
  }
  return Status();
}

Status Grouper::finish(const Group& group) {
  return reading_.has_fields ? finish_fields(group) : finish_images(group);
}

std::string_view Grouper::class_of(const Member& member) const {
  const std::string& root = reading_.class_root;
  std::string_view path = member.path;
  if (path.substr(0, root.size()) != root) return "";
  path.remove_prefix(root.size());
  const bool is_class = member.kind == MemberKind::kFolder && path.find('/') == path.npos;
  return is_class ? path : first_folder(path);
}

void Grouper::name_classes() {
  const bool from_folders = !options_.label_field && reading_.layout == Layout::kImageFolder;
  if (!from_folders) {
    std::vector<std::int64_t> labels;
    number_labels(labels_, &labels, &contents_.class_names);
    for (std::size_t i = 0; i < labels.size(); ++i) contents_.samples[i].label = labels[i];
    return;
  }
  std::unordered_set<std::string_view> found;
  for (const Member& member : members_) {
    const std::string_view name = class_of(member);
    if (!name.empty()) found.insert(name);
  }
  std::vector<std::string>& names = contents_.class_names;
  names.assign(found.begin(), found.end());
  std::sort(names.begin(), names.end());
  for (SampleEntry& sample : contents_.samples) {
    const std::string_view path = std::string_view(sample.path).substr(reading_.class_root.size());
    const auto place = std::lower_bound(names.begin(), names.end(), first_folder(path));
    sample.label = place - names.begin();
  }
}

Status Grouper::run() {
  contents_.layout = reading_.layout;
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    const bool is_broken = member(i).kind == MemberKind::kBrokenLink;
    if (!is_broken && !member(i).has_content()) continue;
    if (is_broken || is_outside_classes(member(i))) {
      leave_out(i, Company::kOutside);
    } else {
      gather(i);
    }
  }
  for (const Group& group : groups_) FASTPASS_RETURN_IF_ERROR(finish(group));
  name_classes();
  return Status();
}

}  // namespace

std::vector<std::uint64_t> heic_positions(const Contents& contents) {
  std::vector<std::uint64_t> positions;
  for (std::size_t i = 0; i < contents.samples.size(); ++i) {
    if (is_heic_extension(extension_of(contents.samples[i].path))) positions.push_back(i);
  }
  return positions;
}

Status group_members(const Source& source, std::vector<Member> members,
                     const ReadingOptions& options, Contents* contents) {
  *contents = Contents();
  const std::size_t num_members = members.size();
  const auto hidden = std::stable_partition(
      members.begin(), members.end(),
      [](const Member& member) { return !is_hidden(member.path) && member.path != kClassesFile; });
  contents->num_ignored =
      static_cast<std::uint64_t>(std::count_if(hidden, members.end(), [](const Member& member) {
        return member.kind == MemberKind::kFile || member.kind == MemberKind::kLink;
      }));
  members.erase(hidden, members.end());
  Reading reading;
  FASTPASS_RETURN_IF_ERROR(decide_reading(source, members, options, &reading));
  FASTPASS_RETURN_IF_ERROR(Grouper(source, members, options, reading, contents).run());
  if (!contents->samples.empty()) return Status();
  return no_image(source, members, num_members, options);
}

}  // namespace fastpass
