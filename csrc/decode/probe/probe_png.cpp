// PNG: the IHDR chunk, and eXIf where it stands before the pixels (PNG third edition, 11.2
// and 11.3).
#include <cstring>

#include "common/crc32.h"
#include "decode/probe/exif.h"
#include "decode/probe/probe_formats.h"

namespace fastpass {
namespace {

constexpr std::size_t kIhdrAt = 8, kChunkOverhead = 12;  // length, type, CRC

std::uint32_t read_u32(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

// 0 where the pair is not in table 12 of the specification.
int num_components_of(int color_type, int bit_depth) {
  const bool is_power = bit_depth == 1 || bit_depth == 2 || bit_depth == 4 || bit_depth == 8;
  const bool is_full = bit_depth == 8 || bit_depth == 16;
  switch (color_type) {
    case 0:
      return is_power || is_full ? 1 : 0;
    case 2:
      return is_full ? 3 : 0;
    case 3:
      return is_power ? 1 : 0;  // palette indices
    case 4:
      return is_full ? 2 : 0;
    case 6:
      return is_full ? 4 : 0;
    default:
      return 0;
  }
}

std::uint8_t find_orientation(Span encoded) {
  std::size_t at = kIhdrAt;
  while (encoded.size - at >= kChunkOverhead) {
    const std::size_t length = read_u32(encoded.data + at);
    const std::uint8_t* type = encoded.data + at + 4;
    if (length > encoded.size - at - kChunkOverhead || std::memcmp(type, "IDAT", 4) == 0) break;
    if (std::memcmp(type, "eXIf", 4) == 0) return read_exif_orientation({type + 4, length});
    at += length + kChunkOverhead;
  }
  return 1;
}

}  // namespace

Status probe_png(Span encoded, ImageInfo* info) {
  constexpr std::size_t kIhdrBytes = 13;
  if (encoded.size < kIhdrAt + kChunkOverhead + kIhdrBytes) {
    return corrupt("the PNG ends inside its IHDR chunk", encoded.size);
  }
  const std::uint8_t* chunk = encoded.data + kIhdrAt;
  const std::uint8_t* header = chunk + 8;
  if (read_u32(chunk) != kIhdrBytes || std::memcmp(chunk + 4, "IHDR", 4) != 0) {
    return corrupt("the first PNG chunk is not an IHDR of 13 bytes", kIhdrAt);
  }
  if (crc32(Span{chunk + 4, 4 + kIhdrBytes}) != read_u32(header + kIhdrBytes)) {
    return corrupt("the checksum of the PNG header is wrong", kIhdrAt);
  }
  const std::uint32_t width = read_u32(header), height = read_u32(header + 4);
  if (width == 0 || height == 0 || width > 0x7FFFFFFFu || height > 0x7FFFFFFFu) {
    return corrupt("the PNG header says a size outside 1..2^31-1", kIhdrAt + 8);
  }
  info->num_components = num_components_of(header[9], header[8]);
  if (info->num_components == 0) {
    return corrupt("the PNG header has an impossible color type and bit depth", kIhdrAt + 16);
  }
  info->format = ImageFormat::kPng;
  info->width = static_cast<std::int32_t>(width);
  info->height = static_cast<std::int32_t>(height);
  info->subsampling = info->num_components < 3 ? Subsampling::kNone : Subsampling::k444;
  info->exif_orientation = find_orientation(encoded);
  return Status();
}

}  // namespace fastpass
