#include <algorithm>
#include <string_view>
#include <utility>

#include "common/quote.h"
#include "pack/file.h"
#include "pack/folder_walk.h"
#include "pack/label_text.h"
#include "pack/naming.h"
#include "pack/read_bytes.h"
#include "pack/shard.h"

namespace fastpass {
namespace {

// No photo is larger; a sparse file may claim anything.
constexpr std::uint64_t kLargestFileBytes = std::uint64_t{1} << 30;

Status read_whole(const std::string& path, EncodedSample* sample);

class FolderShard final : public Shard {
 public:
  Status open(const ShardOptions& options);

  std::int64_t size() const override { return static_cast<std::int64_t>(contents_.samples.size()); }
  std::string_view key(std::int64_t index) const override { return sample(index).key(); }
  std::int64_t sample_id(std::int64_t index) const override { return sample_id_of(key(index)); }
  LabelKind label_kind() const override { return label_kind_; }
  std::int64_t label(std::int64_t index) const override { return sample(index).label; }
  const std::vector<std::string>& class_names() const override { return contents_.class_names; }
  ImageInfo info(std::int64_t) const override { return ImageInfo(); }
  Status image_state(std::int64_t index, FileState* state) const override {
    return state_of_file(full_path(sample(index).path), state);
  }
  std::string describe(std::int64_t index) const override {
    return printable(full_path(sample(index).path));
  }
  Status fetch(std::int64_t index, EncodedSample* sample) const override;
  Status read(std::int64_t index, EncodedSample* sample) const override {
    return fetch(index, sample);  // which reads by system calls, too
  }
  void prefetch(std::int64_t first, std::int64_t last) const override;
  Status fetch_metadata(std::int64_t index, EncodedSample* sample) const override;
  bool has_index() const override { return false; }
  Layout layout() const override { return contents_.layout; }
  const std::vector<LeftOut>& left_out() const override { return contents_.left_out; }
  std::vector<std::uint64_t> heic_positions() const override {
    return ::fastpass::heic_positions(contents_);
  }

 private:
  const SampleEntry& sample(std::int64_t index) const {
    return contents_.samples[static_cast<std::size_t>(index)];
  }
  std::string full_path(const std::string& path) const { return root_ + "/" + path; }

  std::string root_;
  Contents contents_;
  LabelKind label_kind_ = LabelKind::kNone;
};

Status FolderShard::open(const ShardOptions& options) {
  root_ = options.path;
  while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
  Source source;
  source.path = root_;
  source.read_text = [this](const Member& member, std::string* text) {
    File file;
    FileState state;
    FASTPASS_RETURN_IF_ERROR(file.open(full_path(member.path)));
    FASTPASS_RETURN_IF_ERROR(file.read_state(&state));
    text->resize(state.num_bytes > kLongestLabel ? 0 : state.num_bytes);  // longer: no label
    return file.read(0, text->data(), text->size());
  };
  std::vector<Member> members;
  FASTPASS_RETURN_IF_ERROR(walk_folder(root_, &members));
  FASTPASS_RETURN_IF_ERROR(
      group_members(source, std::move(members), options.build.reading, &contents_));
  std::sort(contents_.samples.begin(), contents_.samples.end(),
            [](const SampleEntry& a, const SampleEntry& b) { return a.path < b.path; });
  const bool has_labels = std::any_of(contents_.samples.begin(), contents_.samples.end(),
                                      [](const SampleEntry& sample) { return sample.label >= 0; });
  label_kind_ = !contents_.class_names.empty() ? LabelKind::kNames
                : has_labels                   ? LabelKind::kNumbers
                                               : LabelKind::kNone;
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

Status FolderShard::fetch(std::int64_t index, EncodedSample* encoded) const {
  encoded->seek_index = Span();
  return read_whole(full_path(sample(index).path), encoded);
}

void FolderShard::prefetch(std::int64_t first, std::int64_t last) const {
  for (std::int64_t index = first; index < last; ++index) {
    File file;
    FileState state;
    if (!file.open(full_path(sample(index).path)).ok() || !file.read_state(&state).ok()) continue;
    file.will_need(0, std::min(state.num_bytes, kLargestFileBytes));
  }
}

Status FolderShard::fetch_metadata(std::int64_t index, EncodedSample* encoded) const {
  const std::string& path = sample(index).metadata_path;
  if (!path.empty()) return read_whole(full_path(path), encoded);
  encoded->bytes = Span();
  return Status();
}

}  // namespace

Status open_folder_shard(const ShardOptions& options, std::unique_ptr<Shard>* shard) {
  auto folder = std::make_unique<FolderShard>();
  FASTPASS_RETURN_IF_ERROR(folder->open(options));
  *shard = std::move(folder);
  return Status();
}

}  // namespace fastpass
