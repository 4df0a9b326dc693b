#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "common/quote.h"
#include "pack/file.h"
#include "pack/folder_walk.h"
#include "pack/naming.h"
#include "pack/read_bytes.h"
#include "pack/shard.h"

namespace fastpass {
namespace {

// No photo is larger; a sparse file may claim anything.
constexpr std::uint64_t kLargestFileBytes = std::uint64_t{1} << 30;

std::string_view stem_of(std::string_view path) { return path.substr(0, path.rfind('.')); }

class FolderShard final : public Shard {
 public:
  Status open(const std::string& root);

  std::int64_t size() const override { return static_cast<std::int64_t>(paths_.size()); }
  // With the extension where another image has the same name otherwise.
  std::string_view key(std::int64_t index) const override {
    const bool is_ambiguous = is_ambiguous_[static_cast<std::size_t>(index)];
    return is_ambiguous ? std::string_view(path(index)) : stem_of(path(index));
  }
  std::int64_t sample_id(std::int64_t index) const override { return sample_id_of(key(index)); }
  LabelKind label_kind() const override {
    return class_names_.empty() ? LabelKind::kNone : LabelKind::kClassFolders;
  }
  std::int64_t label(std::int64_t index) const override;
  const std::vector<std::string>& class_names() const override { return class_names_; }
  ImageInfo info(std::int64_t) const override { return ImageInfo(); }
  Status image_bytes(std::int64_t index, std::uint64_t* num_bytes) const override;
  std::string describe(std::int64_t index) const override { return printable(full_path(index)); }
  Status fetch(std::int64_t index, EncodedSample* sample) const override;
  Status read(std::int64_t index, EncodedSample* sample) const override {
    return fetch(index, sample);  // which reads by system calls, too
  }
  void prefetch(std::int64_t first, std::int64_t last) const override;
  Status fetch_metadata(std::int64_t index, EncodedSample* sample) const override;
  bool has_index() const override { return false; }

 private:
  const std::string& path(std::int64_t index) const {
    return paths_[static_cast<std::size_t>(index)];
  }
  std::string full_path(std::int64_t index) const { return root_ + "/" + path(index); }
  void name_classes();
  void find_ambiguous();

  std::string root_;
  std::vector<std::string> paths_;  // relative to root_
  std::vector<bool> is_ambiguous_;  // "a.jpg" beside "a.png"
  std::vector<std::string> class_names_;
};

std::string_view first_folder(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

void FolderShard::name_classes() {
  constexpr std::string_view kPassRoot = "PASS_dataset";  // its numbered folders are no classes
  if (base_name(root_) == kPassRoot) return;
  for (const std::string& path : paths_) {
    const std::string_view name = first_folder(path);
    if (name.empty() || name == kPassRoot) {
      class_names_.clear();
      return;
    }
    if (class_names_.empty() || class_names_.back() != name) class_names_.emplace_back(name);
  }
  std::sort(class_names_.begin(), class_names_.end());
  class_names_.erase(std::unique(class_names_.begin(), class_names_.end()), class_names_.end());
}

void FolderShard::find_ambiguous() {
  std::unordered_map<std::string_view, int> counts;
  for (const std::string& path : paths_) ++counts[stem_of(path)];
  for (const std::string& path : paths_) is_ambiguous_.push_back(counts[stem_of(path)] > 1);
}

Status FolderShard::open(const std::string& root) {
  root_ = root;
  while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
  FASTPASS_RETURN_IF_ERROR(walk_images(root_, &paths_));
  if (paths_.empty()) {
    return Status(Fault::kBadPack, quoted(root_) +
                                       ": no image (.jpg, .jpeg, .png or .webp) in this "
                                       "folder or below it");
  }
  name_classes();
  find_ambiguous();
  return Status();
}

std::int64_t FolderShard::label(std::int64_t index) const {
  if (class_names_.empty()) return -1;
  const auto found =
      std::lower_bound(class_names_.begin(), class_names_.end(), first_folder(path(index)));
  return found - class_names_.begin();
}

Status FolderShard::image_bytes(std::int64_t index, std::uint64_t* num_bytes) const {
  File file;
  FASTPASS_RETURN_IF_ERROR(file.open(full_path(index)));
  FileState state;
  FASTPASS_RETURN_IF_ERROR(file.read_state(&state));
  *num_bytes = state.num_bytes;
  return Status();
}

Status read_whole(const std::string& path, EncodedSample* sample) {
  File file;
  FASTPASS_RETURN_IF_ERROR(file.open(path));
  FileState state;
  FASTPASS_RETURN_IF_ERROR(file.read_state(&state));
  if (state.num_bytes > kLargestFileBytes) {
    return Status(Fault::kImageTooLarge, quoted(path) + " has " + std::to_string(state.num_bytes) +
                                             " bytes, more than 1 GiB: no photo");
  }
  return read_bytes(file, 0, state.num_bytes, sample);
}

Status FolderShard::fetch(std::int64_t index, EncodedSample* sample) const {
  sample->seek_index = Span();
  return read_whole(full_path(index), sample);
}

void FolderShard::prefetch(std::int64_t first, std::int64_t last) const {
  for (std::int64_t index = first; index < last; ++index) {
    File file;
    FileState state;
    if (!file.open(full_path(index)).ok() || !file.read_state(&state).ok()) continue;
    file.will_need(0, std::min(state.num_bytes, kLargestFileBytes));
  }
}

Status FolderShard::fetch_metadata(std::int64_t index, EncodedSample* sample) const {
  const std::string json = root_ + "/" + std::string(stem_of(path(index))) + ".json";
  if (file_exists(json)) return read_whole(json, sample);
  sample->bytes = Span();
  return Status();
}

}  // namespace

Status open_folder_shard(const std::string& root, std::unique_ptr<Shard>* shard) {
  auto folder = std::make_unique<FolderShard>();
  FASTPASS_RETURN_IF_ERROR(folder->open(root));
  *shard = std::move(folder);
  return Status();
}

}  // namespace fastpass
