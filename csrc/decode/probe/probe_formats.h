// One prober per format; probe.cpp picks by the first bytes.
#pragma once

#include "common/image_info.h"
#include "common/status.h"
#include "common/view.h"

namespace fastpass {

Status probe_jpeg(Span encoded, ImageInfo* info);
Status probe_png(Span encoded, ImageInfo* info);
Status probe_webp(Span encoded, ImageInfo* info);

inline Status corrupt(const char* reason, std::size_t offset) {
  return Status(Fault::kCorruptImage, reason, static_cast<std::int64_t>(offset));
}

}  // namespace fastpass
