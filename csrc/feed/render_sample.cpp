#include "feed/render_sample.h"

namespace fastpass {

Status decode_sample(const SamplePlan& plan, Decoder* decoder, PixelBuffer* pixels) {
  return plan.is_decoded ? Status() : decoder->decode(plan.headers, plan.decode, pixels);
}

Status render_sample(const SamplePlan& plan, const ImageView& pixels, const SampleOptions& options,
                     const ViewFormat& format, const SampleOutputs& outputs,
                     ViewRenderer* renderer) {
  const SourceRegion source = plan.source(pixels);
  ViewOpWork work;
  work.key = plan.key;
  work.outputs = outputs.ops.data();
  for (std::size_t view = 0; view < options.views.size(); ++view) {
    work.key.view_id = static_cast<std::uint16_t>(view);
    work.ops = view < options.ops.size() ? &options.ops[view] : nullptr;
    const bool has_ops = work.ops != nullptr && !work.ops->empty();
    FASTPASS_RETURN_IF_ERROR(renderer->render(source, options.views[view], plan.views[view], format,
                                              outputs.views[view], has_ops ? &work : nullptr));
    if (!has_ops) continue;
    for (const ViewOp& op : *work.ops) work.outputs += op.output_bytes.size();
  }
  return {};
}

}  // namespace fastpass
