// What stands where in FFCV's files, .beton, version 2, and in our own field (docs/format.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>

namespace fastpass::beton {

inline constexpr std::uint16_t kVersion = 2;
inline constexpr std::uint16_t kMostFields = 1024;
inline constexpr std::uint32_t kMostKeyBytes = 1 << 16;
inline constexpr std::uint64_t kMostNamesBytes = 1 << 26;
inline constexpr std::uint32_t kSmallestPage = 1 << 21;
// At the front of the arguments of our field: its name, and version 1.
inline constexpr std::uint8_t kOurMark[] = {'f', 'a', 's', 't', 'p', 'a', 's', 's', 1, 0, 0, 0};

// The front of the arguments of our field. Where FFCV's writer made the file, all but the mark is
// zero.
struct OurArguments {
  std::uint8_t mark[sizeof(kOurMark)];
  std::uint32_t checksum;  // of the header, the fields (this taken as 0), the rows, and the names
  std::uint64_t names_offset, names_bytes;  // of the names of classes, as JSON
};
static_assert(sizeof(OurArguments) == 32, "docs/format.md");

struct BetonHeader {
  std::uint16_t version;
  std::uint16_t num_fields;
  std::uint32_t page_bytes;
  std::uint64_t num_samples;
  std::uint64_t allocations_offset;
};
static_assert(sizeof(BetonHeader) == 24, "FFCV says 24");

enum FieldKind : std::uint8_t {
  kFloat = 0,
  kInt = 1,
  kRgbImage = 2,
  kBytes = 3,
  kArray = 4,
  kJson = 5,
  kTensor = 6,
  kCustom = 255,
};

struct FieldDescription {
  std::uint8_t kind;
  char name[16];  // ended by a zero where it is shorter
  std::uint8_t arguments[1024];
};
static_assert(sizeof(FieldDescription) == 1041, "FFCV says 1041");

struct Allocation {
  std::uint64_t sample, offset, num_bytes;
};
inline bool operator<(const Allocation& a, const Allocation& b) {
  return std::tie(a.offset, a.sample, a.num_bytes) < std::tie(b.offset, b.sample, b.num_bytes);
}

#pragma pack(push, 1)
struct RgbRecord {
  std::uint8_t mode;  // 0: JPEG, 1: pixels
  std::uint16_t width, height;
  std::uint64_t offset;
};
// Ours: an allocation with the image, its seek index, its key and its JSON, in this order.
struct ImageRecord {
  std::uint64_t offset, image_bytes;
  std::uint32_t seek_bytes, key_bytes, json_bytes, zeros;
};
#pragma pack(pop)
static_assert(sizeof(RgbRecord) == 13 && sizeof(ImageRecord) == 32, "docs/format.md");

// Where a field lies in the record of a sample.
struct Field {
  std::string name;
  FieldKind kind;
  bool is_ours;
  std::size_t offset;
};

inline std::size_t bytes_of(const FieldDescription& field) {
  switch (field.kind) {
    case kRgbImage:
      return sizeof(RgbRecord);
    case kBytes:
    case kJson:
      return 16;
    case kCustom:
      return sizeof(ImageRecord);
    default:
      return 8;
  }
}

// As NumPy aligns them: numbers to their size, records of several to nothing.
inline std::size_t alignment_of(const FieldDescription& field) {
  return bytes_of(field) == 8 ? 8 : 1;
}

inline bool is_inside(std::uint64_t offset, std::uint64_t num_bytes, std::uint64_t limit) {
  return offset <= limit && num_bytes <= limit - offset;
}

template <typename Record>
Record record_at(const std::uint8_t* bytes) {
  Record record;
  std::memcpy(&record, bytes, sizeof(record));
  return record;
}

}  // namespace fastpass::beton
