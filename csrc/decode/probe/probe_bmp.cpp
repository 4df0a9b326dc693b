// BMP: the header behind the file header, in the two lengths of Windows and OS/2.
#include <cstdlib>

#include "decode/probe/probe_formats.h"

namespace fastpass {
namespace {

constexpr std::size_t kHeaderAt = 14;

std::uint32_t read_le(const std::uint8_t* bytes, int count) {
  std::uint32_t value = 0;
  for (int i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

Status probe_bmp(Span encoded, ImageInfo* info) {
  constexpr std::size_t kOs2Bytes = 12, kWindowsBytes = 40;
  if (encoded.size < kHeaderAt + kOs2Bytes)
    return corrupt("the BMP ends inside its header", encoded.size);
  const std::uint8_t* header = encoded.data + kHeaderAt;
  const std::uint32_t length = read_le(header, 4);
  const bool is_os2 = length == kOs2Bytes;
  if (!is_os2 && length < kWindowsBytes)
    return corrupt("the BMP header has an unknown length", kHeaderAt);
  if (!is_os2 && encoded.size < kHeaderAt + kWindowsBytes) {
    return corrupt("the BMP ends inside its header", encoded.size);
  }
  // A negative height: rows come from top to bottom.
  const std::int64_t width =
      is_os2 ? read_le(header + 4, 2) : static_cast<std::int32_t>(read_le(header + 4, 4));
  const std::int64_t height =
      std::abs(is_os2 ? std::int64_t{read_le(header + 6, 2)}
                      : std::int64_t{static_cast<std::int32_t>(read_le(header + 8, 4))});
  const std::uint32_t bits = read_le(header + (is_os2 ? 10 : 14), 2);
  if (width < 1 || height < 1 || height > 0x7FFFFFFF) {
    return corrupt("the BMP header says a size outside 1..2^31-1", kHeaderAt + 4);
  }
  info->format = ImageFormat::kBmp;
  info->width = static_cast<std::int32_t>(width);
  info->height = static_cast<std::int32_t>(height);
  info->num_components = bits <= 8 ? 1 : bits == 32 ? 4 : 3;  // 1: palette indices
  info->subsampling = bits <= 8 ? Subsampling::kNone : Subsampling::k444;
  return Status();
}

}  // namespace fastpass
