#include "feed/render_sample.h"

namespace fastpass {

Status decode_sample(const SamplePlan& plan, Decoder* decoder, PixelBuffer* pixels) {
  return plan.is_decoded ? Status() : decoder->decode(plan.headers, plan.decode, pixels);
}

Status render_sample(const SamplePlan& plan, const ImageView& pixels,
                     const std::vector<ViewSpec>& specs, const ViewFormat& format,
                     const std::vector<std::uint8_t*>& outputs, ViewRenderer* renderer) {
  const SourceRegion source = plan.source(pixels);
  for (std::size_t view = 0; view < specs.size(); ++view) {
    FASTPASS_RETURN_IF_ERROR(
        renderer->render(source, specs[view], plan.views[view], format, outputs[view]));
  }
  return {};
}

}  // namespace fastpass
