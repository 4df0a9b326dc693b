// From the members of a tar to samples.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/image_info.h"
#include "common/status.h"
#include "pack/tar_scan.h"

namespace fastpass {

// How the members of a tar are named. The numbers are stored in the index.
enum class Layout : std::uint32_t {
  kWebDataset = 1,    // has .cls or .json members; key: the path up to the first dot of its name
  kPass = 2,          // PASS_dataset/<n>/<hash>.jpg; the numbered folders are no classes
  kClassFolders = 3,  // every image is <class>/<file>
  kPlain = 4,         // any other tree of images
};
// Except in WebDataset, the key is the path without its last extension.

struct SampleEntry {
  std::string key;
  std::uint64_t image_offset = 0, image_bytes = 0;
  std::int64_t label = -1;  // kClassFolders: index into class_names; -1: none
  std::uint64_t metadata_offset = 0, metadata_bytes = 0;  // of the .json member; 0, 0: none
  ImageInfo info;                                         // kUnknown: not probed, or damaged
};

struct TarContents {
  Layout layout = Layout::kPlain;
  std::vector<SampleEntry> samples;      // in the order of their first members
  std::vector<std::string> class_names;  // kClassFolders only; sorted by bytes
  std::uint64_t num_ignored = 0;         // files that are no part of any sample
};

// kBadPack: two images or two equal fields under one key, a label or metadata without an image, a
// label that is no number, a link where a file was wanted, or no image at all.
Status group_members(const File& tar, const std::vector<TarMember>& members, TarContents* contents);

}  // namespace fastpass
