#include "feed/sample_plan.h"

#include <string>

#include "augment/check.h"
#include "augment/draw_view.h"
#include "common/orientation.h"
#include "decode/probe/probe_formats.h"
#include "decode/turn_pixels.h"

namespace fastpass {
namespace {

Status decode_whole(Span bytes, const JpegHeaders& headers, const DecodeOptions& options,
                    const WholeImageDecoder& whole) {
  if (!is_jpeg(bytes)) return (*whole.foreign)(bytes, options, whole.pixels);
  return whole.decoder->decode(headers, options, whole.pixels);
}

Status draw_views(DrawKey key, const SampleOptions& options, SamplePlan* plan) {
  plan->views.resize(options.views.size());
  for (std::size_t view = 0; view < options.views.size(); ++view) {
    key.view_id = static_cast<std::uint16_t>(view);
    FASTPASS_RETURN_IF_ERROR(
        draw_view(options.views[view], plan->height, plan->width, key, &plan->views[view]));
  }
  return {};
}

Status take_views(const std::vector<ViewParams>& before, const SampleOptions& options,
                  SamplePlan* plan) {
  if (before.size() != options.views.size()) {
    return {Fault::kBadArgument, std::to_string(before.size()) + " params came for " +
                                     std::to_string(options.views.size()) + " views"};
  }
  ImageView image;
  image.height = plan->height;
  image.width = plan->width;
  FASTPASS_RETURN_IF_ERROR(check_source_size(plan->height, plan->width));
  for (std::size_t view = 0; view < before.size(); ++view) {
    const ViewSpec& spec = options.views[view];
    FASTPASS_RETURN_IF_ERROR(check_spec(spec));
    FASTPASS_RETURN_IF_ERROR(check_params(before[view], spec, whole_image(image)));
  }
  plan->views = before;
  return {};
}

Status set_views(const Draws& draws, const SampleOptions& options, SamplePlan* plan) {
  plan->key = draws.key;
  return draws.before != nullptr ? take_views(*draws.before, options, plan)
                                 : draw_views(draws.key, options, plan);
}

}  // namespace

std::vector<std::size_t> op_output_bytes(const SampleOptions& options) {
  std::vector<std::size_t> bytes;
  for (const ViewOps& ops : options.ops) {
    for (const ViewOp& op : ops) {
      bytes.insert(bytes.end(), op.output_bytes.begin(), op.output_bytes.end());
    }
  }
  return bytes;
}

Status plan_sample(Span bytes, Span seek_index, const Draws& draws, const SampleOptions& options,
                   const WholeImageDecoder& whole, SamplePlan* plan) {
  // What is wrong with the headers of a damaged image, its decoder tells best.
  plan->is_decoded = !is_jpeg(bytes) || !plan->headers.read(bytes).ok();
  if (plan->is_decoded) {
    FASTPASS_RETURN_IF_ERROR(decode_whole(bytes, plan->headers, options.decode, whole));
    return plan_pixels(whole.pixels->view(), draws, options, plan);
  }
  const ImageInfo& stored = plan->headers.info();
  const int orientation = orientation_of(plan->headers, options.decode);
  const bool is_swapped = swaps_sides(orientation);
  plan->height = is_swapped ? stored.width : stored.height;
  plan->width = is_swapped ? stored.height : stored.width;
  FASTPASS_RETURN_IF_ERROR(set_views(draws, options, plan));
  // Else boxes would lie beside their place.
  const int denominator = options.may_scale ? kLargestDenominator : 1;
  plan->region = plan_region(plan->views, whole_pixel_scale(stored, orientation, denominator));
  plan->decode = options.decode;
  plan->decode.seek_index = seek_index;
  plan->decode.crop = plan->region.crop;
  plan->decode.scale_denominator = plan->region.scale_denominator;
  return {};
}

Status plan_pixels(const ImageView& pixels, const Draws& draws, const SampleOptions& options,
                   SamplePlan* plan) {
  plan->is_decoded = true;
  plan->height = pixels.height;
  plan->width = pixels.width;
  return set_views(draws, options, plan);
}

}  // namespace fastpass
