// One sample after the other from its plan to its views, on the CPU.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "augment/cpu/view_renderer.h"
#include "augment/view_format.h"
#include "common/status.h"
#include "decode/decoder_registry.h"
#include "decode/pixel_buffer.h"
#include "feed/sample_plan.h"

namespace fastpass {

// One per thread: owns a decoder, the pixels of one image, and scratch memory.
class SampleRenderer {
 public:
  // `foreign` outlives it.
  SampleRenderer(const std::string& decoder, const ForeignDecoder* foreign)
      : decoder_(make_decoder(decoder)), foreign_(foreign) {}

  // For plan_sample().
  WholeImageDecoder whole() { return {decoder_.get(), foreign_, &pixels_}; }

  // The planned region, unless the whole image was decoded already.
  Status decode(const SamplePlan& plan);
  // Of `pixels`, what was decoded. outputs[view]: view_bytes(size, format.dtype) bytes.
  Status render(const SamplePlan& plan, const ImageView& pixels, const std::vector<ViewSpec>& specs,
                const ViewFormat& format, const std::vector<std::uint8_t*>& outputs);
  const ImageView& pixels() const { return pixels_.view(); }

 private:
  const std::unique_ptr<Decoder> decoder_;
  const ForeignDecoder* const foreign_;
  ViewRenderer renderer_;
  PixelBuffer pixels_;
};

}  // namespace fastpass
