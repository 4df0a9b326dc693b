// From the plan of a sample to its views, on the CPU.
#pragma once

#include <vector>

#include "augment/cpu/view_renderer.h"
#include "augment/view_format.h"
#include "common/status.h"
#include "decode/decoder.h"
#include "decode/pixel_buffer.h"
#include "feed/sample_plan.h"

namespace fastpass {

// Decodes what the plan wants into `pixels`; nothing where they are there already.
Status decode_sample(const SamplePlan& plan, Decoder* decoder, PixelBuffer* pixels);

// Renders every view from `pixels`, which are what the plan wants. outputs[view]:
// view_bytes(size, format.dtype) bytes.
Status render_sample(const SamplePlan& plan, const ImageView& pixels,
                     const std::vector<ViewSpec>& specs, const ViewFormat& format,
                     const std::vector<std::uint8_t*>& outputs, ViewRenderer* renderer);

}  // namespace fastpass
