// From the plan of a sample to its views, on the CPU.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/cpu/view_renderer.h"
#include "augment/view_format.h"
#include "common/status.h"
#include "decode/decoder.h"
#include "decode/pixel_buffer.h"
#include "feed/sample_plan.h"

namespace fastpass {

// Where the views of a sample go, and the outputs of their operations.
struct SampleOutputs {
  std::vector<std::uint8_t*> views;  // [view]: view_bytes(size, format.dtype) bytes
  std::vector<std::uint8_t*> ops;    // as op_output_bytes() counts them
};

// Decodes what the plan wants into `pixels`; nothing where they are there already.
Status decode_sample(const SamplePlan& plan, Decoder* decoder, PixelBuffer* pixels);

// Renders every view from `pixels`, which are what the plan wants.
Status render_sample(const SamplePlan& plan, const ImageView& pixels, const SampleOptions& options,
                     const ViewFormat& format, const SampleOutputs& outputs,
                     ViewRenderer* renderer);

}  // namespace fastpass
