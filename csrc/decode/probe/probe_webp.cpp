// WebP: RIFF container, VP8 (RFC 6386, 9.1), VP8L and VP8X (RFC 9649, 2.5 to 2.7 and 3.4).
#include <cstring>

#include "decode/probe/exif.h"
#include "decode/probe/probe_formats.h"

namespace fastpass {
namespace {

constexpr std::size_t kFirstChunkAt = 12, kChunkHeaderBytes = 8;

std::uint32_t read_le(const std::uint8_t* bytes, int count) {
  std::uint32_t value = 0;
  for (int i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

bool is_type(const std::uint8_t* chunk, const char* type) {
  return std::memcmp(chunk, type, 4) == 0;
}

Status read_lossy(Span payload, std::size_t offset, ImageInfo* info) {
  if (payload.size < 10) return corrupt("the WebP ends inside its VP8 header", offset);
  const std::uint8_t* bytes = payload.data;
  if ((bytes[0] & 1) != 0 || read_le(bytes + 3, 3) != 0x2A019Du) {
    return corrupt("the VP8 frame of the WebP is no key frame", offset);
  }
  info->width = static_cast<std::int32_t>(read_le(bytes + 6, 2) & 0x3FFF);
  info->height = static_cast<std::int32_t>(read_le(bytes + 8, 2) & 0x3FFF);
  info->num_components = 3;
  info->subsampling = Subsampling::k420;
  return info->width == 0 || info->height == 0 ? corrupt("the WebP header says size 0", offset)
                                               : Status();
}

Status read_lossless(Span payload, std::size_t offset, ImageInfo* info) {
  if (payload.size < 5 || payload.data[0] != 0x2F) {
    return corrupt("the VP8L header of the WebP is too short or has a wrong signature", offset);
  }
  const std::uint32_t bits = read_le(payload.data + 1, 4);
  if (bits >> 29 != 0) return corrupt("the VP8L header of the WebP has an unknown version", offset);
  info->width = static_cast<std::int32_t>(bits & 0x3FFF) + 1;
  info->height = static_cast<std::int32_t>(bits >> 14 & 0x3FFF) + 1;
  info->num_components = bits >> 28 & 1 ? 4 : 3;
  info->subsampling = Subsampling::k444;
  return Status();
}

// Behind a VP8X header: which coder the pixels use, and the EXIF block.
void read_extended_chunks(Span encoded, std::size_t at, ImageInfo* info) {
  while (at <= encoded.size && encoded.size - at >= kChunkHeaderBytes) {
    const std::uint8_t* chunk = encoded.data + at;
    const std::size_t length = read_le(chunk + 4, 4);
    if (is_type(chunk, "VP8 ")) info->subsampling = Subsampling::k420;
    if (is_type(chunk, "VP8L")) info->subsampling = Subsampling::k444;
    if (length > encoded.size - at - kChunkHeaderBytes) return;
    if (is_type(chunk, "EXIF")) {
      Span block = {chunk + kChunkHeaderBytes, length};
      if (length > 6 && std::memcmp(block.data, "Exif\0\0", 6) == 0)
        block = {block.data + 6, length - 6};
      info->exif_orientation = read_exif_orientation(block);
      return;
    }
    at += kChunkHeaderBytes + length + (length & 1);
  }
}

Status read_extended(Span encoded, Span payload, std::size_t offset, ImageInfo* info) {
  constexpr int kHasAlpha = 0x10;
  if (payload.size < 10) return corrupt("the WebP ends inside its VP8X header", offset);
  info->width = static_cast<std::int32_t>(read_le(payload.data + 4, 3)) + 1;
  info->height = static_cast<std::int32_t>(read_le(payload.data + 7, 3)) + 1;
  info->num_components = payload.data[0] & kHasAlpha ? 4 : 3;
  info->subsampling = Subsampling::kOther;
  read_extended_chunks(encoded, offset + kChunkHeaderBytes + payload.size, info);
  return Status();
}

}  // namespace

Status probe_webp(Span encoded, ImageInfo* info) {
  if (encoded.size < kFirstChunkAt + kChunkHeaderBytes) {
    return corrupt("the WebP ends before its first chunk", encoded.size);
  }
  const std::uint8_t* chunk = encoded.data + kFirstChunkAt;
  const std::size_t available = encoded.size - kFirstChunkAt - kChunkHeaderBytes;
  const std::size_t length = read_le(chunk + 4, 4);
  const Span payload = {chunk + kChunkHeaderBytes, length < available ? length : available};
  info->format = ImageFormat::kWebp;
  if (is_type(chunk, "VP8 ")) return read_lossy(payload, kFirstChunkAt, info);
  if (is_type(chunk, "VP8L")) return read_lossless(payload, kFirstChunkAt, info);
  if (is_type(chunk, "VP8X")) return read_extended(encoded, payload, kFirstChunkAt, info);
  return corrupt("the first WebP chunk is neither VP8, VP8L nor VP8X", kFirstChunkAt);
}

}  // namespace fastpass
