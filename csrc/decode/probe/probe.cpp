#include "decode/probe/probe.h"

#include <cstring>

#include "decode/probe/probe_formats.h"

namespace fastpass {
namespace {

bool begins_with(Span encoded, std::size_t at, const char* magic, std::size_t size) {
  return encoded.size >= at + size && std::memcmp(encoded.data + at, magic, size) == 0;
}

}  // namespace

Status probe(Span encoded, ImageInfo* info) {
  if (encoded.size == 0) return corrupt("empty: no bytes at all", 0);
  ImageInfo found;
  Status status;
  if (begins_with(encoded, 0, "\xFF\xD8", 2)) {
    status = probe_jpeg(encoded, &found);
  } else if (begins_with(encoded, 0, "\x89PNG\r\n\x1A\n", 8)) {
    status = probe_png(encoded, &found);
  } else if (begins_with(encoded, 0, "RIFF", 4) && begins_with(encoded, 8, "WEBP", 4)) {
    status = probe_webp(encoded, &found);
  } else if (begins_with(encoded, 0, "BM", 2)) {
    status = probe_bmp(encoded, &found);
  } else if (begins_with(encoded, 0, "GIF87a", 6) || begins_with(encoded, 0, "GIF89a", 6)) {
    status = probe_gif(encoded, &found);
  } else if (begins_with(encoded, 0, "II*\0", 4) || begins_with(encoded, 0, "MM\0*", 4)) {
    status = probe_tiff(encoded, &found);
  } else if (is_heif(encoded)) {
    status = probe_heif(encoded, &found);
  } else {
    return Status(Fault::kUnsupportedImage,
                  "no image of a known kind, by its first bytes; JPEG, PNG, WebP, BMP, GIF, TIFF, "
                  "AVIF and HEIC are known",
                  0);
  }
  if (status.ok()) *info = found;
  return status;
}

}  // namespace fastpass
