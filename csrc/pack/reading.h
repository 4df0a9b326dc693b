// How the files of a source are to be read: its layout, and where keys end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/status.h"
#include "pack/member.h"

namespace fastpass {

// The numbers are stored in the index.
enum class Layout : std::uint32_t {
  kWebDataset = 1,   // files that share a key are the fields of one sample
  kPass = 2,         // PASS_dataset/<n>/<hash>.jpg; the numbered folders are no classes
  kImageFolder = 3,  // every image is below a class folder
  kFolder = 4,       // any other tree of images
  kBeton = 5,        // the rows of FFCV's file
};
enum class KeyRule : std::uint8_t { kByLayout, kFirstDot, kLastDot };

// What the user fixes; the rest follows from the files.
struct ReadingOptions {
  std::optional<Layout> layout;
  KeyRule key_rule = KeyRule::kByLayout;
  std::vector<std::string> image_fields;   // the first that a sample has is its image
  std::optional<std::string> label_field;  // its texts may name classes; "": no labels
  bool lists_left_out = false;             // all files that are left out, not a few examples

  bool is_default() const {
    return !layout && key_rule == KeyRule::kByLayout && image_fields.empty() && !label_field &&
           !lists_left_out;
  }
};

// What is read: its name, and a way to its small files (labels).
struct Source {
  std::string path;  // of the tar, or the root of the tree
  bool is_tar = false;
  std::function<Status(const Member&, std::string* content)> read_text;
};

// How the files of one source are read.
struct Reading {
  Layout layout = Layout::kFolder;
  bool has_fields = false;  // files that share a key are one sample; else each image is one
  bool to_first_dot = false;
  // Without fields: "seg.png" where a.seg.png is no sample but belongs to a.jpg.
  std::unordered_set<std::string> companion_fields;
  std::string class_root;  // kImageFolder: the folder of the class folders, "photos/"; "": the root
};

// How many images there are in a folder, and where.
struct ImageCounts {
  std::uint64_t root = 0;     // directly in it
  std::uint64_t below = 0;    // in folders
  std::uint64_t folders = 0;  // first-level folders that hold some
};
// Of images whose paths begin with `folder`: "" or "photos/".
ImageCounts count_images(const std::vector<Member>& members, std::string_view folder);

// Few enough beside the folders to be left out.
inline bool are_strays(std::uint64_t number, const ImageCounts& counts) {
  return number < counts.folders || number * 100 <= counts.root + counts.below;
}

// kBadPack, naming both, where there are two ways.
Status decide_reading(const Source& source, const std::vector<Member>& members,
                      const ReadingOptions& options, Reading* reading);

}  // namespace fastpass
