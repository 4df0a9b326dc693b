// From the files of a source to samples.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/image_info.h"
#include "common/status.h"
#include "pack/left_out.h"
#include "pack/reading.h"

namespace fastpass {

struct SampleEntry {
  std::string path;           // of the image
  std::size_t key_bytes = 0;  // the key is the front of the path
  std::int64_t label = -1;    // an index into class_names, if there are some; -1: none
  std::string metadata_path;  // of the .json file; empty: none
  // In a tar; 0 in a folder.
  std::uint64_t image_offset = 0, image_bytes = 0, metadata_offset = 0, metadata_bytes = 0;
  ImageInfo info;  // kUnknown: not probed, or damaged

  std::string_view key() const { return std::string_view(path).substr(0, key_bytes); }
};

struct Contents {
  Layout layout = Layout::kFolder;
  std::vector<SampleEntry> samples;      // in the order of their first members
  std::vector<std::string> class_names;  // what labels count; sorted by bytes; may be empty
  std::vector<LeftOut> left_out;
  std::uint64_t num_ignored = 0;  // files that are no part of any sample, also hidden ones
};

// Of samples whose names say that they are HEIC images, ascending.
std::vector<std::uint64_t> heic_positions(const Contents& contents);

// kBadPack: a sample with two images or two equal fields, a label that is no number, a link in a
// tar where a file was wanted, two ways to read the source, or no image at all.
Status group_members(const Source& source, std::vector<Member> members,
                     const ReadingOptions& options, Contents* contents);

}  // namespace fastpass
