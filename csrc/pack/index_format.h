// The sidecar index X.tar.fpi, byte by byte; described in docs/format.md. Little-endian.
#pragma once

#include <cstdint>

namespace fastpass {

// As in PNG: a byte above 127, line ends of both kinds and Ctrl-Z betray a text-mode transfer.
constexpr char kIndexMagic[9] =
    "\x89"
    "FPI\r\n\x1A\n";
constexpr std::uint32_t kIndexVersion = 1;

struct IndexHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_bytes;  // where the section table begins
  std::uint64_t file_bytes;    // of the index itself
  std::uint64_t tar_bytes;
  std::int64_t tar_mtime_ns;
  std::uint64_t tar_fingerprint;
  std::uint64_t num_samples;
  std::uint64_t num_ignored;  // files of the tar that are no part of any sample
  std::uint32_t layout;       // enum Layout
  std::uint32_t num_sections;
};
static_assert(sizeof(IndexHeader) == 72, "docs/format.md says 72");

// Readers pass over sections they do not know, unless kSectionIsRequired is set.
enum SectionId : std::uint32_t {
  kRecordsSection = 1,     // IndexRecord x num_samples
  kKeysSection = 2,        // the keys, one behind the other
  kClassNamesSection = 3,  // each ended by a zero byte; kImageFolder only
  // Optional: where decoding may start inside each JPEG. u64 x (num_samples + 1): where the seek
  // index of a sample begins in this section, and where the last one ends; then their bytes.
  kSeekIndexSection = 4,
  // Optional: by which rules the samples were found, and which files are none. See
  // reading_section.h.
  kReadingSection = 6,
  // Optional: u64 positions, ascending, of samples whose names say that they are HEIC images.
  kHeicSection = 7,
};
constexpr std::uint32_t kSectionIsRequired = 1;

struct IndexSection {
  std::uint32_t id;
  std::uint32_t flags;
  std::uint64_t offset;     // from the beginning of the index, a multiple of 8
  std::uint64_t num_bytes;  // without the zeros that pad it to a multiple of 8
};
static_assert(sizeof(IndexSection) == 24, "docs/format.md says 24");

struct IndexRecord {
  std::int64_t sample_id;
  std::uint64_t image_offset;  // in the tar
  std::uint64_t image_bytes;
  std::int64_t label;  // -1: none
  std::uint64_t metadata_offset;
  std::uint64_t metadata_bytes;  // 0: none
  std::uint64_t key_offset;      // in the keys section
  std::uint32_t key_bytes;
  std::uint32_t width;  // from here on all zero where the image header could not be read
  std::uint32_t height;
  std::uint8_t format;  // enum ImageFormat
  std::uint8_t num_components;
  std::uint8_t subsampling;  // enum Subsampling
  std::uint8_t is_progressive;
  std::uint8_t exif_orientation;
  std::uint8_t zeros[7];
};
static_assert(sizeof(IndexRecord) == 80, "docs/format.md says 80");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the index is mapped, not converted");

}  // namespace fastpass
