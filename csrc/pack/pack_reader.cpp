#include "pack/pack_reader.h"

#include <sys/stat.h>

#include <algorithm>

#include "common/parallel_for.h"
#include "common/quote.h"
#include "common/xxhash64.h"
#include "pack/naming.h"

namespace fastpass {
namespace {

Status open_shard(const ShardOptions& options, const std::shared_ptr<OpenFiles>& open_files,
                  std::unique_ptr<Shard>* shard) {
  struct stat status;
  const bool is_folder = ::stat(options.path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  return is_folder ? open_folder_shard(options, shard) : open_tar_shard(options, open_files, shard);
}

template <typename Value>
std::uint64_t hash_value(Value value, std::uint64_t seed) {
  return xxhash64(Span{reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)}, seed);
}

// Of the first, the middle and the last bytes.
std::uint64_t hash_places(Span image, std::uint64_t hash) {
  const std::uint64_t length = std::min(kHashedBytes, image.size);
  for (const std::uint64_t begin :
       {std::uint64_t{0}, (image.size - length) / 2, std::uint64_t{image.size - length}}) {
    hash = xxhash64(Span{image.data + begin, length}, hash);
  }
  return hash;
}

}  // namespace

Status PackReader::open(const std::vector<ShardOptions>& shards,
                        const std::vector<std::string>& names,
                        std::shared_ptr<PackReader>* reader) {
  if (shards.empty()) return Status(Fault::kBadArgument, "a pack needs at least one path");
  if (names.size() != shards.size()) {
    return Status(Fault::kBadArgument, "a pack needs one name for each of its shards");
  }
  auto pack = std::make_shared<PackReader>();
  pack->shards_.resize(shards.size());
  const auto open_files = std::make_shared<OpenFiles>(OpenFiles::sensible_capacity());
  std::vector<Status> statuses(shards.size());
  parallel_for(static_cast<std::int64_t>(shards.size()), available_processors(),
               [&](std::int64_t i, int) {
                 const std::size_t at = static_cast<std::size_t>(i);
                 statuses[at] = open_shard(shards[at], open_files, &pack->shards_[at]);
               });
  for (const Status& status : statuses) FASTPASS_RETURN_IF_ERROR(status);
  pack->begins_.push_back(0);
  for (const auto& shard : pack->shards_) {
    pack->begins_.push_back(pack->begins_.back() + shard->size());
  }
  pack->shard_starts_ = pack->begins_;
  FASTPASS_RETURN_IF_ERROR(pack->unify_labels());
  FASTPASS_RETURN_IF_ERROR(pack->tell_apart(names));
  *reader = std::move(pack);
  return Status();
}

Status PackReader::select(const std::vector<std::int64_t>& positions) {
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const std::int64_t least = i == 0 ? 0 : positions[i - 1] + 1;
    if (positions[i] < least || positions[i] >= shard_starts_.back() || !selected_.empty()) {
      return Status(Fault::kBadArgument, "select() takes ascending positions, once");
    }
  }
  if (positions.empty()) return Status(Fault::kBadPack, "no sample is kept");
  selected_ = positions;
  for (std::int64_t& begin : begins_) {
    begin = std::lower_bound(positions.begin(), positions.end(), begin) - positions.begin();
  }
  return Status();
}

Status PackReader::set_labels(std::vector<std::int64_t> labels) {
  const bool are_sound =
      std::all_of(labels.begin(), labels.end(), [](std::int64_t label) { return label >= -1; });
  if (!are_sound || !selected_.empty() || static_cast<std::int64_t>(labels.size()) != size()) {
    return Status(Fault::kBadArgument,
                  "set_labels() takes a label of at least -1 per sample, before select()");
  }
  labels_ = std::move(labels);
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

Status PackReader::refuse_equal(std::int64_t first, std::int64_t second) const {
  const std::string what = key(first) == key(second)
                               ? "two samples have the key " + quoted(key(first))
                               : "two keys have the same sample id, rename one of them";
  return Status(Fault::kBadPack, what + ": " + describe(first) + " and " + describe(second));
}

std::vector<std::pair<std::int64_t, std::int64_t>> PackReader::by_sample_id() const {
  std::vector<std::pair<std::int64_t, std::int64_t>> order;
  order.reserve(static_cast<std::size_t>(size()));
  for (std::int64_t i = 0; i < size(); ++i) order.emplace_back(sample_id(i), i);
  std::sort(order.begin(), order.end());
  return order;
}

// A key that occurs in several shards gets the name of its shard in front.
Status PackReader::tell_apart(const std::vector<std::string>& names) {
  const auto order = by_sample_id();
  std::unordered_map<std::int64_t, Name> renamed;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && order[end].first == order[begin].first) ++end;
    for (std::size_t i = begin + 1; i < end; ++i) {
      const std::int64_t first = order[i - 1].second, second = order[i].second;
      const bool are_in_one_shard = place_of(first).shard == place_of(second).shard;
      if (are_in_one_shard || key(first) != key(second)) return refuse_equal(first, second);
    }
    for (std::size_t i = begin; end - begin > 1 && i < end; ++i) {
      const std::int64_t position = order[i].second;
      Name name;
      name.key = names[place_of(position).shard] + ":" + std::string(key(position));
      name.sample_id = sample_id_of(name.key);
      renamed.emplace(position, std::move(name));
    }
  }
  if (renamed.empty()) return Status();
  renamed_ = std::move(renamed);
  const auto again = by_sample_id();
  const auto same = std::adjacent_find(
      again.begin(), again.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
  return same == again.end() ? Status() : refuse_equal(same->second, (same + 1)->second);
}

PackReader::Place PackReader::place_of(std::int64_t position) const {
  if (!selected_.empty()) position = selected_[static_cast<std::size_t>(position)];
  const auto behind = std::upper_bound(shard_starts_.begin(), shard_starts_.end(), position);
  const std::size_t shard = static_cast<std::size_t>(behind - shard_starts_.begin()) - 1;
  return {shard, position - shard_starts_[shard]};
}

std::int64_t PackReader::sample_id(std::int64_t position) const {
  const Place place = place_of(position);
  const auto renamed =
      renamed_.empty() ? renamed_.end() : renamed_.find(shard_starts_[place.shard] + place.index);
  return renamed != renamed_.end() ? renamed->second.sample_id
                                   : shards_[place.shard]->sample_id(place.index);
}

std::string_view PackReader::key(std::int64_t position) const {
  const Place place = place_of(position);
  const auto renamed =
      renamed_.empty() ? renamed_.end() : renamed_.find(shard_starts_[place.shard] + place.index);
  return renamed != renamed_.end() ? std::string_view(renamed->second.key)
                                   : shards_[place.shard]->key(place.index);
}

std::int64_t PackReader::label(std::int64_t position) const {
  const Place place = place_of(position);
  if (!labels_.empty()) {
    return labels_[static_cast<std::size_t>(shard_starts_[place.shard] + place.index)];
  }
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

// Runs of neighbors in one shard, each in one call.
void PackReader::prefetch(std::int64_t first, std::int64_t last) const {
  while (first < last) {
    const Place place = place_of(first);
    std::int64_t end = std::min(last, begins_[place.shard + 1]);
    std::int64_t count = end - first;
    if (!selected_.empty()) {
      for (count = 1;
           first + count < end && place_of(first + count).index == place.index + count;) {
        ++count;
      }
    }
    shards_[place.shard]->prefetch(place.index, place.index + count);
    first += count;
  }
}

Status PackReader::fetch_metadata(std::int64_t position, EncodedSample* sample) const {
  const Place place = place_of(position);
  return shards_[place.shard]->fetch_metadata(place.index, sample);
}

ImageInfo PackReader::info(std::int64_t position) const {
  const Place place = place_of(position);
  return shards_[place.shard]->info(place.index);
}

Status PackReader::image_state(std::int64_t position, FileState* state) const {
  const Place place = place_of(position);
  return shards_[place.shard]->image_state(place.index, state);
}

Status PackReader::fingerprint(FingerprintKind kind, std::uint64_t* value) const {
  std::uint64_t hash = 0;
  EncodedSample sample;
  for (std::int64_t i = 0; i < size(); ++i) {
    FileState state;
    FASTPASS_RETURN_IF_ERROR(image_state(i, &state));
    hash = xxhash64(key(i), hash);
    hash = hash_value(state.num_bytes, hash);
    if (kind == FingerprintKind::kTimes) hash = hash_value(state.mtime_ns, hash);
    if (kind == FingerprintKind::kContent) {
      FASTPASS_RETURN_IF_ERROR(fetch(i, &sample));
      hash = hash_places(sample.bytes, hash);
    }
  }
  *value = hash;
  return Status();
}

}  // namespace fastpass
