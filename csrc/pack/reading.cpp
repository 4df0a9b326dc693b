#include "pack/reading.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <unordered_map>

#include "common/quote.h"
#include "pack/naming.h"

namespace fastpass {
namespace {

constexpr std::string_view kPassRoot = "PASS_dataset";

bool is_pass_path(std::string_view path) {
  if (first_folder(path) != kPassRoot) return false;
  path.remove_prefix(kPassRoot.size() + 1);
  const std::string_view number = first_folder(path);
  return !number.empty() && std::all_of(number.begin(), number.end(), [](unsigned char letter) {
    return std::isdigit(letter) != 0;
  });
}

bool has_one_dot(std::string_view path) {
  const std::string_view base = base_name(path);
  const std::size_t dot = base.find('.');
  return dot != std::string_view::npos && dot == base.rfind('.');
}

std::string_view cut_at_dot(std::string_view path, bool first) {
  return path.substr(0, key_length(path, first));
}

// Which images share their key, up to the first dot, with other files. Most sources have neither
// labels in files nor second dots, and need no table.
class Company {
 public:
  Company(const std::vector<Member>& members, bool is_tar) : is_tar_(is_tar) {
    bool needs_table = false;
    for (const Member& member : members) {
      if (member.kind == MemberKind::kFolder || member.kind == MemberKind::kOther) continue;
      const std::string extension = extension_of(member.path);
      const bool is_image = is_image_extension(extension);
      (is_image ? images_ : others_).push_back(member.path);
      needs_table = needs_table || (is_image ? !has_one_dot(member.path) : makes_fields(extension));
    }
    for (std::size_t i = 0; needs_table && i < images_.size(); ++i) {
      num_plain_[cut_at_dot(images_[i], true)] += has_one_dot(images_[i]) ? 1 : 0;
    }
  }

  // A file with this extension beside its image.
  bool has_field(std::string_view extension) const {
    if (num_plain_.empty()) return false;
    return std::any_of(others_.begin(), others_.end(), [&](std::string_view path) {
      return extension_of(path) == extension && num_plain_.count(cut_at_dot(path, true)) != 0;
    });
  }

  // "seg.png" where a.seg.png belongs to a.jpg.
  std::unordered_set<std::string> companion_fields() const;
  // a.input.jpg and a.output.txt: all images have one field, and other files only its key.
  bool has_one_dotted_field() const;

 private:
  bool makes_fields(std::string_view extension) const {
    return extension == "cls" || (is_tar_ && extension == "json");
  }
  int num_plain(std::string_view path) const {
    const auto found = num_plain_.find(cut_at_dot(path, true));
    return found == num_plain_.end() ? 0 : found->second;
  }

  const bool is_tar_;
  std::vector<std::string_view> images_, others_;
  std::unordered_map<std::string_view, int> num_plain_;  // a.jpg: 1; also a.png: 2; a.seg.png: 0
};

std::unordered_set<std::string> Company::companion_fields() const {
  if (num_plain_.empty()) return {};
  std::unordered_map<std::string, std::uint64_t> counts;
  std::unordered_set<std::string_view> dotted;  // a.seg
  bool all_beside_one = true;
  for (const std::string_view path : images_) {
    if (has_one_dot(path)) continue;
    all_beside_one = all_beside_one && num_plain(path) == 1;
    dotted.insert(cut_at_dot(path, false));
    if (num_plain(path) == 1) {
      ++counts[lower_case(path.substr(cut_at_dot(path, true).size() + 1))];
    }
  }
  if (counts.empty()) return {};
  bool has_others_beside = false;
  for (const std::string_view path : others_) {
    if (dotted.count(cut_at_dot(path, false)) != 0) return {};  // a.seg.json: a sample of its own
    const bool counts_here = is_tar_ || extension_of(path) != "json";
    has_others_beside =
        has_others_beside || (counts_here && has_one_dot(path) && num_plain(path) > 0);
  }
  std::uint64_t num_samples = 0;
  for (const auto& [key, count] : num_plain_) num_samples += count > 0;
  std::unordered_set<std::string> fields;
  for (const auto& [field, count] : counts) {
    if (2 * count >= num_samples || (all_beside_one && has_others_beside)) fields.insert(field);
  }
  return fields;
}

bool Company::has_one_dotted_field() const {
  if (num_plain_.empty()) return false;
  std::string field;
  std::unordered_set<std::string_view> stems;  // a.input
  for (const std::string_view path : images_) {
    const std::string own = lower_case(path.substr(cut_at_dot(path, true).size() + 1));
    if (own.find('.') == std::string::npos || (!field.empty() && own != field)) return false;
    field = own;
    stems.insert(cut_at_dot(path, false));
  }
  return std::any_of(others_.begin(), others_.end(), [&](std::string_view path) {
    return num_plain_.count(cut_at_dot(path, true)) != 0 &&
           stems.count(cut_at_dot(path, false)) == 0;
  });
}

Status two_readings(const Source& source, const ImageCounts& counts) {
  const std::string root = std::to_string(counts.root), below = std::to_string(counts.below);
  const std::string folders = std::to_string(counts.folders);
  return Status(
      Fault::kBadPack,
      quoted(source.path) + " has " + root + " images in the root and " + below + " in " + folders +
          " folders, so it can be read in two ways: as an image folder (" + folders + " classes, " +
          below + " images, those in the root left out) or as a folder (" +
          std::to_string(counts.root + counts.below) +
          " images without labels); say which with layout=\"image_folder\" or layout=\"folder\"");
}

bool is_pass(const Source& source, const std::vector<Member>& members) {
  if (!source.is_tar && base_name(source.path) == kPassRoot) return true;
  bool any = false;
  for (const Member& member : members) {
    if (member.kind == MemberKind::kFolder || !is_image_extension(extension_of(member.path))) {
      continue;
    }
    if (!is_pass_path(member.path)) return false;
    any = true;
  }
  return any;
}

// Of a tar: the one folder with everything in it, and no image directly in it; "photos/" of
// photos/cat/1.jpg. It is where the tar was made, and no class.
bool has_outer_folder(const Source& source, const ImageCounts& counts) {
  return source.is_tar && counts.root == 0 && counts.folders == 1 && counts.deep_folders == 1;
}

bool has_class_folders(const Source& source, const ImageCounts& counts) {
  return counts.root == 0 && counts.folders > 0 && !has_outer_folder(source, counts);
}

Status decide_layout(const Source& source, const std::vector<Member>& members,
                     const ImageCounts& counts, Layout* layout) {
  *layout = Layout::kFolder;
  if (is_pass(source, members)) {
    *layout = Layout::kPass;
  } else if (has_class_folders(source, counts)) {
    *layout = Layout::kImageFolder;
  } else if (counts.root > 0 && counts.folders >= 2) {
    if (!are_strays(counts.root, counts)) return two_readings(source, counts);
    *layout = Layout::kImageFolder;
  }
  return Status();
}

Status find_classes(const Source& source, const std::vector<Member>& members,
                    const ImageCounts& counts, Reading* reading) {
  if (counts.folders == 0) {
    return Status(Fault::kBadPack, quoted(source.path) +
                                       " is no image folder: no image is in a folder of it; read "
                                       "its images with layout=\"folder\"");
  }
  if (!has_outer_folder(source, counts)) return Status();
  const auto inside = std::find_if(members.begin(), members.end(), [](const Member& member) {
    return is_image_extension(extension_of(member.path));
  });
  reading->class_begin = first_folder(inside->path).size() + 1;
  return Status();
}

}  // namespace

ImageCounts count_images(const std::vector<Member>& members) {
  ImageCounts counts;
  std::unordered_map<std::string_view, bool> folders;  // has it an image directly inside?
  for (const Member& member : members) {
    const bool is_file = member.kind == MemberKind::kFile || member.kind == MemberKind::kLink;
    if (!is_file || !is_image_extension(extension_of(member.path))) continue;
    const std::string_view path = member.path, folder = first_folder(path);
    if (folder.empty()) {
      ++counts.root;
      continue;
    }
    ++counts.below;
    folders[folder] |= path.rfind('/') == folder.size();
  }
  counts.folders = folders.size();
  for (const auto& [name, has_images] : folders) counts.deep_folders += has_images ? 0 : 1;
  return counts;
}

Status decide_reading(const Source& source, const std::vector<Member>& members,
                      const ReadingOptions& options, Reading* reading) {
  *reading = Reading();
  const Company company(members, source.is_tar);
  const ImageCounts counts = count_images(members);
  if (options.layout) {
    reading->layout = *options.layout;
  } else if (!options.image_fields.empty() || company.has_field("cls")) {
    reading->layout = Layout::kWebDataset;
  } else {
    const Status status = decide_layout(source, members, counts, &reading->layout);
    const bool has_no_classes = !status.ok() || reading->layout == Layout::kFolder;
    if (source.is_tar && has_no_classes && company.has_field("json")) {
      reading->layout = Layout::kWebDataset;
    } else {
      FASTPASS_RETURN_IF_ERROR(status);
    }
  }
  if (reading->layout == Layout::kImageFolder) {
    FASTPASS_RETURN_IF_ERROR(find_classes(source, members, counts, reading));
  }
  reading->has_fields = reading->layout == Layout::kWebDataset || !options.image_fields.empty() ||
                        options.key_rule == KeyRule::kFirstDot;
  const bool is_free = !options.layout && options.key_rule == KeyRule::kByLayout;
  reading->has_fields = reading->has_fields || (is_free && company.has_one_dotted_field());
  reading->to_first_dot = options.key_rule == KeyRule::kByLayout
                              ? reading->has_fields
                              : options.key_rule == KeyRule::kFirstDot;
  if (!reading->has_fields && is_free) {
    reading->companion_fields = company.companion_fields();
  }
  return Status();
}

}  // namespace fastpass
