// GIF: the screen and the first frame (GIF89a specification, sections 18 to 20).
#include <algorithm>

#include "decode/probe/probe_formats.h"

namespace fastpass {
namespace {

constexpr std::size_t kScreenAt = 6, kScreenBytes = 7, kFrameBytes = 9;
constexpr int kExtension = 0x21, kFrame = 0x2C;

int read_u16(const std::uint8_t* bytes) { return bytes[0] | bytes[1] << 8; }

std::size_t color_table_bytes(int flags) {
  return (flags & 0x80) != 0 ? std::size_t{3} << ((flags & 7) + 1) : 0;
}

// Behind the blocks of an extension, which end with one of length 0.
std::size_t skip_blocks(Span encoded, std::size_t at) {
  while (at < encoded.size && encoded.data[at] != 0) at += std::size_t{1} + encoded.data[at];
  return at + 1;
}

}  // namespace

// A frame that sticks out of the screen makes the image larger, as in Pillow.
Status probe_gif(Span encoded, ImageInfo* info) {
  if (encoded.size < kScreenAt + kScreenBytes) {
    return corrupt("the GIF ends inside its screen descriptor", encoded.size);
  }
  const std::uint8_t* screen = encoded.data + kScreenAt;
  info->width = read_u16(screen);
  info->height = read_u16(screen + 2);
  std::size_t at = kScreenAt + kScreenBytes + color_table_bytes(screen[4]);
  while (at < encoded.size && encoded.data[at] == kExtension) at = skip_blocks(encoded, at + 2);
  if (at >= encoded.size || encoded.size - at < 1 + kFrameBytes) {
    return corrupt("the GIF ends before its first frame", encoded.size);
  }
  if (encoded.data[at] != kFrame) return corrupt("the GIF has no frame where one is wanted", at);
  const std::uint8_t* frame = encoded.data + at + 1;
  info->width = std::max(info->width, read_u16(frame) + read_u16(frame + 4));
  info->height = std::max(info->height, read_u16(frame + 2) + read_u16(frame + 6));
  if (info->width == 0 || info->height == 0) return corrupt("the GIF says size 0", kScreenAt);
  info->format = ImageFormat::kGif;
  info->num_components = 1;  // palette indices
  info->subsampling = Subsampling::kNone;
  return Status();
}

}  // namespace fastpass
