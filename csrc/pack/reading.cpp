#include "pack/reading.h"

#include <algorithm>
#include <cctype>
#include <set>
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
  explicit Company(const std::vector<Member>& members) {
    bool needs_table = false;
    for (const Member& member : members) {
      if (!member.has_content()) continue;
      const std::string extension = extension_of(member.path);
      const bool is_image = is_image_extension(extension);
      (is_image ? images_ : others_).push_back(member.path);
      const bool makes_fields = extension == "cls" || extension == "json";
      needs_table = needs_table || (is_image ? !has_one_dot(member.path) : makes_fields);
    }
    for (std::size_t i = 0; needs_table && i < images_.size(); ++i) {
      num_plain_[cut_at_dot(images_[i], true)] += has_one_dot(images_[i]) ? 1 : 0;
    }
  }

  // a.cls beside an image of a; b.1.cls beside b.1.jpg.
  bool has_labels() const {
    return std::any_of(others_.begin(), others_.end(), [&](std::string_view path) {
      return extension_of(path) == "cls" && num_plain_.count(cut_at_dot(path, true)) != 0;
    });
  }
  // a.json beside at least half of the images: one file alone may be there by chance. b.1.json is
  // of the image b.1.jpg alone.
  bool has_metadata() const {
    const auto number = std::count_if(others_.begin(), others_.end(), [&](std::string_view path) {
      return extension_of(path) == "json" && has_one_dot(path) &&
             num_plain_.count(cut_at_dot(path, true)) != 0;
    });
    return number > 0 && 2 * static_cast<std::size_t>(number) >= num_plain_.size();
  }
  // "seg.png" where a.seg.png belongs to a.jpg.
  std::unordered_set<std::string> companion_fields() const;
  // a.input.jpg and a.output.txt: all images have one field, and other files only its key.
  bool has_one_dotted_field() const;
  // {"in.jpg", "out.jpg"} where each of several keys has just these images; else empty. Numbers
  // are no names of fields: 2022.05.jpg.
  std::set<std::string> common_fields() const;

 private:
  int num_plain(std::string_view path) const {
    const auto found = num_plain_.find(cut_at_dot(path, true));
    return found == num_plain_.end() ? 0 : found->second;
  }

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
    has_others_beside = has_others_beside || (has_one_dot(path) && num_plain(path) > 0);
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

std::set<std::string> Company::common_fields() const {
  std::unordered_map<std::string_view, std::set<std::string>> fields_of;
  for (const std::string_view path : images_) {
    const std::string_view key = cut_at_dot(path, true);
    if (num_plain_.empty() || num_plain(path) > 0 || key.size() == path.size()) return {};
    fields_of[key].insert(lower_case(path.substr(key.size() + 1)));
  }
  if (fields_of.size() < 2) return {};
  const std::set<std::string>& fields = fields_of.begin()->second;
  const bool are_common = std::all_of(fields_of.begin(), fields_of.end(),
                                      [&](const auto& one) { return one.second == fields; });
  const bool are_names = std::none_of(fields.begin(), fields.end(), [](const std::string& field) {
    return std::isdigit(static_cast<unsigned char>(field.front())) != 0;
  });
  return are_common && are_names && fields.size() > 1 ? fields : std::set<std::string>();
}

Status several_fields(const Source& source, const std::set<std::string>& fields) {
  const std::string first = printable(*fields.begin()), last = printable(*fields.rbegin());
  return Status(
      Fault::kBadPack,
      quoted(source.path) + ": every sample has the images " + quoted(first) + " and " +
          quoted(last) + ", so it can be read in two ways: with image=\"" + first +
          "\" or image=\"" + last +
          "\" one of them is the image; with keys=\"last_dot\" each is a sample of its own");
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

Status no_classes(const Source& source) {
  return Status(Fault::kBadPack, quoted(source.path) +
                                     " is no image folder: no image is in a folder of it; read "
                                     "its images with layout=\"folder\"");
}

bool is_pass(const Source& source, const std::vector<Member>& members) {
  if (!source.is_tar && base_name(source.path) == kPassRoot) return true;
  bool any = false;
  for (const Member& member : members) {
    if (!member.has_content() || !is_image_extension(extension_of(member.path))) continue;
    if (!is_pass_path(member.path)) return false;
    any = true;
  }
  return any;
}

// "photos/" of a tar that was made from a folder: all images are in it, and some in folders of it.
// It is no class. Else "".
std::string outer_folder(const Source& source, const std::vector<Member>& members) {
  if (!source.is_tar) return "";
  const auto is_image = [](const Member& member) {
    return member.has_content() && is_image_extension(extension_of(member.path));
  };
  const auto first = std::find_if(members.begin(), members.end(), is_image);
  if (first == members.end()) return "";
  const std::string folder = std::string(first_folder(first->path)) + "/";
  const bool is_common = std::all_of(members.begin(), members.end(), [&](const Member& member) {
    return !is_image(member) || member.path.compare(0, folder.size(), folder) == 0;
  });
  return is_common && count_images(members, folder).folders > 0 ? folder : "";
}

Status decide_layout(const Source& source, const std::vector<Member>& members,
                     const ImageCounts& counts, Layout* layout) {
  *layout = Layout::kFolder;
  if (is_pass(source, members)) {
    *layout = Layout::kPass;
  } else if (counts.root == 0 && counts.folders > 0) {
    *layout = Layout::kImageFolder;
  } else if (counts.folders >= 2) {
    if (!are_strays(counts.root, counts)) return two_readings(source, counts);
    *layout = Layout::kImageFolder;
  }
  return Status();
}

}  // namespace

ImageCounts count_images(const std::vector<Member>& members, std::string_view folder) {
  ImageCounts counts;
  std::unordered_set<std::string_view> folders;
  for (const Member& member : members) {
    std::string_view path = member.path;
    if (!member.has_content() || !is_image_extension(extension_of(path))) continue;
    if (path.substr(0, folder.size()) != folder) continue;
    path.remove_prefix(folder.size());
    if (path.find('/') == std::string_view::npos) {
      ++counts.root;
    } else {
      ++counts.below;
      folders.insert(first_folder(path));
    }
  }
  counts.folders = folders.size();
  return counts;
}

Status decide_reading(const Source& source, const std::vector<Member>& members,
                      const ReadingOptions& options, Reading* reading) {
  *reading = Reading();
  const Company company(members);
  const std::string outer = outer_folder(source, members);
  const ImageCounts counts = count_images(members, outer);
  if (options.layout) {
    reading->layout = *options.layout;
  } else if (!options.image_fields.empty() || company.has_labels()) {
    reading->layout = Layout::kWebDataset;
  } else {
    const Status status = decide_layout(source, members, counts, &reading->layout);
    const bool has_no_classes = !status.ok() || reading->layout == Layout::kFolder;
    if (has_no_classes && company.has_metadata()) {
      reading->layout = Layout::kWebDataset;
    } else {
      FASTPASS_RETURN_IF_ERROR(status);
    }
  }
  if (reading->layout == Layout::kImageFolder) {
    if (counts.folders == 0) return no_classes(source);
    reading->class_root = outer;
  }
  reading->has_fields = reading->layout == Layout::kWebDataset || !options.image_fields.empty() ||
                        options.key_rule == KeyRule::kFirstDot;
  const bool is_free = !options.layout && options.key_rule == KeyRule::kByLayout;
  reading->has_fields = reading->has_fields || (is_free && company.has_one_dotted_field());
  if (is_free && !reading->has_fields) {
    const std::set<std::string> fields = company.common_fields();
    if (!fields.empty()) return several_fields(source, fields);
  }
  reading->to_first_dot = options.key_rule == KeyRule::kByLayout
                              ? reading->has_fields
                              : options.key_rule == KeyRule::kFirstDot;
  if (!reading->has_fields && is_free) {
    reading->companion_fields = company.companion_fields();
  }
  return Status();
}

}  // namespace fastpass
