// Headers only: size, components, subsampling, orientation of an encoded image.
#pragma once

#include "common/image_info.h"
#include "common/status.h"
#include "common/view.h"

namespace fastpass {

// Reads no further than the frame header. An unrecognised format is a kUnsupportedImage, a header
// that contradicts itself or ends early a kCorruptImage with the byte offset.
Status probe(Span encoded, ImageInfo* info);

}  // namespace fastpass
