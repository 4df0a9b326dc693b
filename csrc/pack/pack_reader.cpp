#include "pack/pack_reader.h"

#include <sys/stat.h>

#include <algorithm>

#include "common/parallel_for.h"
#include "common/quote.h"
#include "common/xxhash64.h"

namespace fastpass {
namespace {

// Of 1,024 that a process usually may have; reading touches few shards at a time.
constexpr std::size_t kMaxOpenFiles = 128;

Status open_shard(const std::string& path, const std::shared_ptr<OpenFiles>& open_files,
                  std::unique_ptr<Shard>* shard) {
  struct stat status;
  const bool is_folder = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  return is_folder ? open_folder_shard(path, shard) : open_tar_shard(path, open_files, shard);
}

}  // namespace

Status PackReader::open(const std::vector<std::string>& paths,
                        std::shared_ptr<PackReader>* reader) {
  if (paths.empty()) return Status(Fault::kBadArgument, "a pack needs at least one path");
  auto pack = std::make_shared<PackReader>();
  pack->shards_.resize(paths.size());
  const auto open_files = std::make_shared<OpenFiles>(kMaxOpenFiles);
  std::vector<Status> statuses(paths.size());
  parallel_for(static_cast<std::int64_t>(paths.size()), available_processors(),
               [&](std::int64_t i, int) {
                 const std::size_t at = static_cast<std::size_t>(i);
                 statuses[at] = open_shard(paths[at], open_files, &pack->shards_[at]);
               });
  for (const Status& status : statuses) FASTPASS_RETURN_IF_ERROR(status);
  pack->begins_.push_back(0);
  for (const auto& shard : pack->shards_) {
    pack->begins_.push_back(pack->begins_.back() + shard->size());
  }
  FASTPASS_RETURN_IF_ERROR(pack->unify_labels());
  FASTPASS_RETURN_IF_ERROR(pack->refuse_duplicates());
  *reader = std::move(pack);
  return Status();
}

Status PackReader::unify_labels() {
  for (const auto& shard : shards_) {
    const LabelKind kind = shard->label_kind();
    if (kind == LabelKind::kNone) continue;
    if (label_kind_ != LabelKind::kNone && kind != label_kind_) {
      return Status(Fault::kBadPack,
                    shard->describe(0) +
                        ": some shards have numbered labels (.cls) and some class folders, which "
                        "do not fit together; open them as packs of their own");
    }
    label_kind_ = kind;
    const std::vector<std::string>& names = shard->class_names();
    class_names_.insert(class_names_.end(), names.begin(), names.end());
  }
  std::sort(class_names_.begin(), class_names_.end());
  class_names_.erase(std::unique(class_names_.begin(), class_names_.end()), class_names_.end());
  for (const auto& shard : shards_) {
    std::vector<std::int64_t>& map = class_maps_.emplace_back();
    for (const std::string& name : shard->class_names()) {
      map.push_back(std::lower_bound(class_names_.begin(), class_names_.end(), name) -
                    class_names_.begin());
    }
  }
  return Status();
}

Status PackReader::refuse_duplicates() const {
  std::vector<std::pair<std::int64_t, std::int64_t>> order;  // sample id, position
  order.reserve(static_cast<std::size_t>(size()));
  for (std::int64_t i = 0; i < size(); ++i) order.emplace_back(sample_id(i), i);
  std::sort(order.begin(), order.end());
  const auto same = std::adjacent_find(
      order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
  if (same == order.end()) return Status();
  const std::int64_t first = same->second, second = (same + 1)->second;
  const std::string what = key(first) == key(second)
                               ? "two samples have the key " + quoted(key(first))
                               : "two keys have the same sample id, rename one of them";
  return Status(Fault::kBadPack, what + ": " + describe(first) + " and " + describe(second));
}

PackReader::Place PackReader::place_of(std::int64_t position) const {
  const auto behind = std::upper_bound(begins_.begin(), begins_.end(), position);
  const std::size_t shard = static_cast<std::size_t>(behind - begins_.begin()) - 1;
  return {shard, position - begins_[shard]};
}

std::int64_t PackReader::sample_id(std::int64_t position) const {
  const Place place = place_of(position);
  return shards_[place.shard]->sample_id(place.index);
}

std::int64_t PackReader::label(std::int64_t position) const {
  const Place place = place_of(position);
  const std::int64_t label = shards_[place.shard]->label(place.index);
  const std::vector<std::int64_t>& map = class_maps_[place.shard];
  return label < 0 || map.empty() ? label : map[static_cast<std::size_t>(label)];
}

std::string PackReader::describe(std::int64_t position) const {
  const Place place = place_of(position);
  return shards_[place.shard]->describe(place.index);
}

Status PackReader::fetch(std::int64_t position, EncodedSample* sample) const {
  const Place place = place_of(position);
  return shards_[place.shard]->fetch(place.index, sample);
}

Status PackReader::read(std::int64_t position, EncodedSample* sample) const {
  const Place place = place_of(position);
  return shards_[place.shard]->read(place.index, sample);
}

void PackReader::prefetch(std::int64_t first, std::int64_t last) const {
  while (first < last) {
    const Place place = place_of(first);
    const std::int64_t end = std::min(last, begins_[place.shard + 1]);
    shards_[place.shard]->prefetch(place.index, end - begins_[place.shard]);
    first = end;
  }
}

Status PackReader::fetch_metadata(std::int64_t position, EncodedSample* sample) const {
  const Place place = place_of(position);
  return shards_[place.shard]->fetch_metadata(place.index, sample);
}

std::string_view PackReader::key(std::int64_t position) const {
  const Place place = place_of(position);
  return shards_[place.shard]->key(place.index);
}

ImageInfo PackReader::info(std::int64_t position) const {
  const Place place = place_of(position);
  return shards_[place.shard]->info(place.index);
}

Status PackReader::fingerprint(std::uint64_t* value) const {
  std::uint64_t hash = 0;
  for (const auto& shard : shards_) {
    for (std::int64_t i = 0; i < shard->size(); ++i) {
      std::uint64_t num_bytes;
      FASTPASS_RETURN_IF_ERROR(shard->image_bytes(i, &num_bytes));
      hash = xxhash64(shard->key(i), hash);
      hash = xxhash64(Span{reinterpret_cast<const std::uint8_t*>(&num_bytes), sizeof(num_bytes)},
                      hash);
    }
  }
  *value = hash;
  return Status();
}

}  // namespace fastpass
