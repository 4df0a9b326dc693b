// One part of a pack: a tar with its index, or a folder of images.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/image_info.h"
#include "common/status.h"
#include "pack/file.h"
#include "pack/grouping.h"
#include "pack/index_build.h"
#include "pack/open_files.h"
#include "pack/sample_source.h"

namespace fastpass {

// What the labels of a shard are. Shards of one pack may not mix numbers and names.
enum class LabelKind : std::uint8_t { kNone, kNumbers, kNames };

class Shard {
 public:
  virtual ~Shard() = default;
  virtual std::int64_t size() const = 0;
  virtual std::string_view key(std::int64_t index) const = 0;
  virtual std::int64_t sample_id(std::int64_t index) const = 0;
  virtual LabelKind label_kind() const = 0;
  // -1: none; with kNames an index into class_names().
  virtual std::int64_t label(std::int64_t index) const = 0;
  virtual const std::vector<std::string>& class_names() const = 0;
  // kUnknown where nobody has probed the image, or it cannot be probed.
  virtual ImageInfo info(std::int64_t index) const = 0;
  // Of the file that holds the image, but with the number of bytes of the image.
  virtual Status image_state(std::int64_t index, FileState* state) const = 0;
  virtual std::string describe(std::int64_t index) const = 0;
  // fetch, read, prefetch: see SampleSource.
  virtual Status fetch(std::int64_t index, EncodedSample* sample) const = 0;
  virtual Status read(std::int64_t index, EncodedSample* sample) const = 0;
  virtual void prefetch(std::int64_t first, std::int64_t last) const = 0;
  // The sample's JSON; empty where it has none.
  virtual Status fetch_metadata(std::int64_t index, EncodedSample* sample) const = 0;
  // false: a tar that was scanned, or a folder.
  virtual bool has_index() const = 0;
  virtual Layout layout() const = 0;
  virtual const std::vector<LeftOut>& left_out() const = 0;
  virtual std::vector<std::uint64_t> heic_positions() const = 0;
};

// Where a shard is, and how it is to be read.
struct ShardOptions {
  std::string path;  // of a tar or a folder
  // Of the index of a tar. Empty: none is read; the tar is scanned.
  std::string index_path;
  // `build.reading` for folders too. probe and seek_indexer are used where there is no index.
  IndexOptions build;
};

Status open_tar_shard(const ShardOptions& options, std::shared_ptr<OpenFiles> open_files,
                      std::unique_ptr<Shard>* shard);
Status open_folder_shard(const ShardOptions& options, std::unique_ptr<Shard>* shard);

}  // namespace fastpass
