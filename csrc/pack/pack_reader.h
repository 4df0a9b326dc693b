// All samples of one pack, by position: shards one behind the other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pack/sample_source.h"
#include "pack/shard.h"

namespace fastpass {

// Immutable once open: every const function may be called from any thread. Positions are in
// [0, size()); the callers check them.
class PackReader final : public SampleSource {
 public:
  // Each path is a tar or a folder of images; at least one. kBadPack where two samples have the
  // same key, or where labels of different kinds meet.
  static Status open(const std::vector<std::string>& paths, std::shared_ptr<PackReader>* reader);

  std::int64_t size() const override { return begins_.back(); }
  std::int64_t sample_id(std::int64_t position) const override;
  std::int64_t label(std::int64_t position) const override;
  std::string describe(std::int64_t position) const override;
  Status fetch(std::int64_t position, EncodedSample* sample) const override;
  Status read(std::int64_t position, EncodedSample* sample) const override;
  void prefetch(std::int64_t first, std::int64_t last) const override;

  Status fetch_metadata(std::int64_t position, EncodedSample* sample) const;
  std::string_view key(std::int64_t position) const;
  ImageInfo info(std::int64_t position) const;

  LabelKind label_kind() const { return label_kind_; }
  const std::vector<std::string>& class_names() const { return class_names_; }
  std::size_t num_shards() const { return shards_.size(); }
  // Position of the first sample of each shard, then size().
  const std::vector<std::int64_t>& shard_begins() const { return begins_; }
  bool has_index(std::size_t shard) const { return shards_[shard]->has_index(); }
  // Of all keys and image sizes, in order.
  Status fingerprint(std::uint64_t* value) const;

 private:
  struct Place {
    std::size_t shard;
    std::int64_t index;
  };
  Place place_of(std::int64_t position) const;
  Status unify_labels();
  Status refuse_duplicates() const;

  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::int64_t> begins_;
  LabelKind label_kind_ = LabelKind::kNone;
  std::vector<std::string> class_names_;               // of all shards, sorted
  std::vector<std::vector<std::int64_t>> class_maps_;  // per shard: its class -> class_names_
};

}  // namespace fastpass
