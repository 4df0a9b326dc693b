#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "common/quote.h"
#include "pack/index_build.h"
#include "pack/read_bytes.h"
#include "pack/shard.h"

namespace fastpass {
namespace {

class TarShard final : public Shard {
 public:
  explicit TarShard(std::shared_ptr<OpenFiles> open_files) : open_files_(std::move(open_files)) {}
  Status open(const ShardOptions& options);

  std::int64_t size() const override { return index_.size(); }
  std::string_view key(std::int64_t index) const override { return index_.key(index); }
  std::int64_t sample_id(std::int64_t index) const override {
    return index_.record(index).sample_id;
  }
  LabelKind label_kind() const override { return label_kind_; }
  std::int64_t label(std::int64_t index) const override { return index_.record(index).label; }
  const std::vector<std::string>& class_names() const override { return index_.class_names(); }
  ImageInfo info(std::int64_t index) const override {
    const std::int64_t lender = lender_of(index);
    return lender >= 0 ? lending_index_.info(lender) : index_.info(index);
  }
  Status image_state(std::int64_t index, FileState* state) const override {
    *state = state_;
    state->num_bytes = index_.record(index).image_bytes;
    return Status();
  }
  std::string describe(std::int64_t index) const override;
  Status fetch(std::int64_t index, EncodedSample* sample) const override;
  Status read(std::int64_t index, EncodedSample* sample) const override;
  void prefetch(std::int64_t first, std::int64_t last) const override;
  Status fetch_metadata(std::int64_t index, EncodedSample* sample) const override;
  bool has_index() const override { return has_index_; }
  Layout layout() const override { return index_.layout(); }
  const std::vector<LeftOut>& left_out() const override { return index_.left_out(); }
  std::vector<std::uint64_t> heic_positions() const override { return index_.heic_positions(); }

 private:
  Status open_index(const std::string& index_path);
  Status scan(const IndexOptions& options);
  // Maps the tar when somebody first asks for a pointer into it: who reads by descriptor needs
  // none.
  Status map() const;
  void will_need(std::uint64_t offset, std::uint64_t num_bytes) const;
  Status hand_out(std::uint64_t offset, std::uint64_t num_bytes, EncodedSample* sample) const;
  // The position of the same image in lending_index_; -1: there is none.
  std::int64_t lender_of(std::int64_t index) const;
  Span seek_index(std::int64_t index) const {
    const std::int64_t lender = lender_of(index);
    return lender >= 0 ? lending_index_.seek_index(lender) : index_.seek_index(index);
  }

  const std::shared_ptr<OpenFiles> open_files_;
  std::string tar_path_;
  FileState state_;  // of the tar
  mutable std::once_flag map_once_;
  mutable std::atomic<bool> is_mapped_{false};
  mutable Status map_status_;
  mutable MappedFile tar_;  // once is_mapped_
  MappedFile index_file_;
  std::vector<std::uint8_t> built_index_;  // where the file's own reading is not the wanted one
  IndexView index_;                        // the samples
  // The index file, where it is fresh but holds the tar in another reading: it still lends image
  // headers and seek indexes.
  IndexView lending_index_;
  std::unordered_map<std::uint64_t, std::int64_t> lenders_;  // image offset -> position there
  LabelKind label_kind_ = LabelKind::kNone;
  bool has_index_ = false;
};

Status TarShard::open_index(const std::string& index_path) {
  FASTPASS_RETURN_IF_ERROR(index_file_.open(index_path));
  FASTPASS_RETURN_IF_ERROR(lending_index_.parse(index_file_.span(), index_path, tar_path_));
  File tar;
  FASTPASS_RETURN_IF_ERROR(tar.open(tar_path_));
  return check_freshness(lending_index_, index_path, tar);
}

Status TarShard::scan(const IndexOptions& options) {
  FASTPASS_RETURN_IF_ERROR(build_index(tar_path_, options, &built_index_));
  const Span built = {built_index_.data(), built_index_.size()};
  return index_.parse(built, index_path_of(tar_path_), tar_path_);
}

Status TarShard::open(const ShardOptions& options) {
  tar_path_ = options.path;
  {
    File tar;
    FASTPASS_RETURN_IF_ERROR(tar.open(tar_path_));
    FASTPASS_RETURN_IF_ERROR(tar.read_state(&state_));
  }
  const bool has_file = !options.index_path.empty() && file_exists(options.index_path);
  if (has_file) FASTPASS_RETURN_IF_ERROR(open_index(options.index_path));
  has_index_ = has_file && lending_index_.is_by_todays_rules();
  if (has_index_ && options.build.reading.is_default()) {
    std::swap(index_, lending_index_);
  } else {
    FASTPASS_RETURN_IF_ERROR(scan(options.build));
    for (std::int64_t i = 0; has_file && i < lending_index_.size(); ++i) {
      lenders_.emplace(lending_index_.record(i).image_offset, i);
    }
  }
  if (index_.header().tar_bytes != state_.num_bytes) {
    return Status(Fault::kStalePack,
                  quoted(tar_path_) + ": changed while it was opened; try again");
  }
  bool has_labels = false;
  for (std::int64_t i = 0; i < size() && !has_labels; ++i) has_labels = label(i) >= 0;
  label_kind_ = !class_names().empty() ? LabelKind::kNames
                : has_labels           ? LabelKind::kNumbers
                                       : LabelKind::kNone;
  return Status();
}

std::int64_t TarShard::lender_of(std::int64_t index) const {
  if (lenders_.empty()) return -1;
  const auto found = lenders_.find(index_.record(index).image_offset);
  return found == lenders_.end() ? -1 : found->second;
}

std::string TarShard::describe(std::int64_t index) const {
  return printable(tar_path_) + ": " + printable(key(index)) + " (at byte " +
         std::to_string(index_.record(index).image_offset) + ")";
}

Status TarShard::map() const {
  std::call_once(map_once_, [this] {
    map_status_ = tar_.open(tar_path_);
    const FileState& now = tar_.state();
    const bool is_same = now.device == state_.device && now.inode == state_.inode &&
                         now.num_bytes == state_.num_bytes;
    if (map_status_.ok() && !is_same) {
      map_status_ = Status(Fault::kStalePack,
                           quoted(tar_path_) + " was changed or replaced while the pack was open");
    }
    is_mapped_ = map_status_.ok();
  });
  return map_status_;
}

void TarShard::will_need(std::uint64_t offset, std::uint64_t num_bytes) const {
  if (is_mapped_) return tar_.will_need(offset, num_bytes);
  std::shared_ptr<const File> tar;
  if (open_files_->get(tar_path_, state_, &tar).ok()) tar->will_need(offset, num_bytes);
}

Status TarShard::hand_out(std::uint64_t offset, std::uint64_t num_bytes,
                          EncodedSample* sample) const {
  FASTPASS_RETURN_IF_ERROR(map());
  FASTPASS_RETURN_IF_ERROR(tar_.check_length());
  sample->bytes = {tar_.span().data + offset, num_bytes};
  return Status();
}

Status TarShard::fetch(std::int64_t index, EncodedSample* sample) const {
  const IndexRecord& record = index_.record(index);
  sample->seek_index = seek_index(index);
  return hand_out(record.image_offset, record.image_bytes, sample);
}

Status TarShard::read(std::int64_t index, EncodedSample* sample) const {
  const IndexRecord& record = index_.record(index);
  // The index stays mapped: it is only ever replaced as a whole, which leaves a mapping as it is.
  sample->seek_index = seek_index(index);
  std::shared_ptr<const File> tar;
  FASTPASS_RETURN_IF_ERROR(open_files_->get(tar_path_, state_, &tar));
  return read_bytes(*tar, record.image_offset, record.image_bytes, sample);
}

void TarShard::prefetch(std::int64_t first, std::int64_t last) const {
  constexpr std::uint64_t kGapBytes = 64 << 10;  // labels and JSON between images are read along
  std::uint64_t begin = 0, end = 0;
  for (std::int64_t index = first; index < last; ++index) {
    const IndexRecord& record = index_.record(index);
    if (record.image_offset < begin || record.image_offset > end + kGapBytes || end == 0) {
      will_need(begin, end - begin);
      begin = record.image_offset;
      end = begin;
    }
    end = std::max(end, record.image_offset + record.image_bytes);
  }
  will_need(begin, end - begin);
}

Status TarShard::fetch_metadata(std::int64_t index, EncodedSample* sample) const {
  const IndexRecord& record = index_.record(index);
  return hand_out(record.metadata_offset, record.metadata_bytes, sample);
}

}  // namespace

Status open_tar_shard(const ShardOptions& options, std::shared_ptr<OpenFiles> open_files,
                      std::unique_ptr<Shard>* shard) {
  auto tar = std::make_unique<TarShard>(std::move(open_files));
  FASTPASS_RETURN_IF_ERROR(tar->open(options));
  *shard = std::move(tar);
  return Status();
}

}  // namespace fastpass
