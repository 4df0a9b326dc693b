// One prober per format, and what they share; probe.cpp picks by the first bytes.
#pragma once

#include <cstring>

#include "common/image_info.h"
#include "common/status.h"
#include "common/view.h"

namespace fastpass {

Status probe_jpeg(Span encoded, ImageInfo* info);
Status probe_png(Span encoded, ImageInfo* info);
Status probe_webp(Span encoded, ImageInfo* info);
Status probe_bmp(Span encoded, ImageInfo* info);
Status probe_gif(Span encoded, ImageInfo* info);
Status probe_tiff(Span encoded, ImageInfo* info);
Status probe_heif(Span encoded, ImageInfo* info);
// Whether a file of the ISO base media format says that it is AVIF or HEIC.
bool is_heif(Span encoded);

inline bool is_jpeg(Span encoded) {
  return encoded.size >= 2 && encoded.data[0] == 0xFF && encoded.data[1] == 0xD8;
}

// Of one component: 1..4 each.
struct SamplingFactors {
  int horizontal, vertical;
};

// The ratio of luma to chroma factors, where the chroma planes agree and it is a whole number.
Subsampling classify_subsampling(const SamplingFactors* factors, int num_components);

// `segment`: the payload of an APP1 segment. Whether it is EXIF, whose TIFF begins behind the name.
inline bool is_exif(Span segment) {
  return segment.size > 6 && std::memcmp(segment.data, "Exif\0\0", 6) == 0;
}

inline Status corrupt(const char* reason, std::size_t offset) {
  return Status(Fault::kCorruptImage, reason, static_cast<std::int64_t>(offset));
}

}  // namespace fastpass
