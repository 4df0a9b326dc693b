#include "feed/sample_renderer.h"

namespace fastpass {

Status SampleRenderer::decode(const SamplePlan& plan) {
  return plan.is_decoded ? Status() : decoder_->decode(plan.headers, plan.decode, &pixels_);
}

Status SampleRenderer::render(const SamplePlan& plan, const ImageView& pixels,
                              const std::vector<ViewSpec>& specs, const ViewFormat& format,
                              const std::vector<std::uint8_t*>& outputs) {
  const SourceRegion source = plan.source(pixels);
  for (std::size_t view = 0; view < specs.size(); ++view) {
    FASTPASS_RETURN_IF_ERROR(
        renderer_.render(source, specs[view], plan.views[view], format, outputs[view]));
  }
  return {};
}

}  // namespace fastpass
