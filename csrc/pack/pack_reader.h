// All samples of one pack, by position: shards one behind the other.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pack/sample_source.h"
#include "pack/shard.h"

namespace fastpass {

// What a fingerprint notices besides keys and their order.
enum class FingerprintKind : std::uint8_t {
  kSizes,    // sizes of images
  kTimes,    // and when their files were written
  kContent,  // and hashes of the first, middle and last kHashedBytes of each image
};
constexpr std::uint64_t kHashedBytes = 4096;

// Immutable once it is handed out: every const function may be called from any thread. Positions
// are in [0, size()); the callers check them.
class PackReader final : public SampleSource {
 public:
  // At least one shard. `names` tell them apart where a key occurs in several. kBadPack where
  // labels of different kinds meet.
  static Status open(const std::vector<ShardOptions>& shards, const std::vector<std::string>& names,
                     std::shared_ptr<PackReader>* reader);

  // Only the samples at these positions, which ascend; before the reader is handed out.
  Status select(const std::vector<std::int64_t>& positions);
  // One per sample, in place of those that were found; -1: none. Before select().
  Status set_labels(std::vector<std::int64_t> labels);

  std::int64_t size() const override { return begins_.back(); }
  std::int64_t sample_id(std::int64_t position) const override;
  std::int64_t label(std::int64_t position) const override;
  std::string describe(std::int64_t position) const override;
  Status fetch(std::int64_t position, EncodedSample* sample) const override;
  Status read(std::int64_t position, EncodedSample* sample) const override;
  void prefetch(std::int64_t first, std::int64_t last) const override;

  Status fetch_metadata(std::int64_t position, EncodedSample* sample) const;
  // With the name of the shard in front where the key occurs in several shards.
  std::string_view key(std::int64_t position) const;
  ImageInfo info(std::int64_t position) const;
  Status image_state(std::int64_t position, FileState* state) const;

  LabelKind label_kind() const { return label_kind_; }
  const std::vector<std::string>& class_names() const { return class_names_; }
  std::size_t num_shards() const { return shards_.size(); }
  const Shard& shard(std::size_t index) const { return *shards_[index]; }
  // Position of the first sample of each shard, then size().
  const std::vector<std::int64_t>& shard_begins() const { return begins_; }
  Status fingerprint(FingerprintKind kind, std::uint64_t* value) const;

 private:
  struct Place {
    std::size_t shard;
    std::int64_t index;
  };
  struct Name {
    std::string key;
    std::int64_t sample_id;
  };
  Place place_of(std::int64_t position) const;
  Status unify_labels();
  Status tell_apart(const std::vector<std::string>& names);
  Status refuse_equal(std::int64_t first, std::int64_t second) const;
  std::vector<std::pair<std::int64_t, std::int64_t>> by_sample_id() const;  // id, position

  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::int64_t> begins_;
  std::vector<std::int64_t> selected_;      // per position: its position among all; empty: all
  std::vector<std::int64_t> shard_starts_;  // begins_ before select()
  LabelKind label_kind_ = LabelKind::kNone;
  std::vector<std::string> class_names_;               // of all shards, sorted
  std::vector<std::vector<std::int64_t>> class_maps_;  // per shard: its class -> class_names_
  std::vector<std::int64_t> labels_;                   // of set_labels(); empty: not set
  // Positions among all whose key occurs in several shards.
  std::unordered_map<std::int64_t, Name> renamed_;
};

}  // namespace fastpass
