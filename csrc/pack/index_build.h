// Making an index from a tar.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pack/file.h"
#include "pack/grouping.h"
#include "pack/index_view.h"
#include "pack/seek_section.h"

namespace fastpass {

// Reads the header of an encoded image; pack may not know decode, so it is handed in.
using HeaderProbe = std::function<Status(Span encoded, ImageInfo* info)>;

struct IndexOptions {
  HeaderProbe probe;         // empty: the image headers stay unknown
  SeekIndexer seek_indexer;  // empty: no seek indexes; else every byte of the tar is read
  int num_threads = 1;       // for seek indexes; the index is the same for any number
  ReadingOptions reading;    // only for indexes that are not written to a file
};

// Noticed when the tar changes but keeps its size and time: XXH64 over the 512-byte headers (name,
// size, time, checksum) of up to 64 images, evenly spaced from the first to the last. Reading all
// of them would cost as much as a new index.
Status tar_fingerprint(const File& tar, std::int64_t num_samples,
                       const std::function<std::uint64_t(std::int64_t)>& image_offset_of,
                       std::uint64_t* fingerprint);

std::string index_path_of(const std::string& tar_path);

// The bytes of an index file; the same contents always give the same bytes. `seek_section` is that
// of make_seek_section(), or empty.
std::vector<std::uint8_t> serialize_index(const Contents& contents, const FileState& tar_state,
                                          std::uint64_t fingerprint,
                                          std::vector<std::uint8_t> seek_section);

// Scans the tar. An image that cannot be probed is indexed all the same: the loader refuses it by
// name when its turn comes. `num_unreadable`, where it is given: how many these are.
Status build_index(const std::string& tar_path, const IndexOptions& options,
                   std::vector<std::uint8_t>* index, std::int64_t* num_unreadable = nullptr);

// Builds it and puts it at `index_path`, atomically.
Status write_index(const std::string& tar_path, const std::string& index_path,
                   const IndexOptions& options, std::vector<std::uint8_t>* index,
                   std::int64_t* num_unreadable);

// kStalePack unless the index belongs to this content of the tar. Where the tar has another time
// than the index says (a copy, say), it is scanned and compared member by member.
Status check_freshness(const IndexView& index, const std::string& index_path, const File& tar);

}  // namespace fastpass
