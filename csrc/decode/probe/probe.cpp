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
  } else {
    return Status(Fault::kUnsupportedImage,
                  "neither a JPEG, a PNG nor a WebP: the first bytes are of no known kind", 0);
  }
  if (status.ok()) *info = found;
  return status;
}

}  // namespace fastpass
