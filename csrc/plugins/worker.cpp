#include "plugins/worker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/orientation.h"
#include "decode/decoder_registry.h"
#include "decode/image_checks.h"
#include "decode/probe/probe.h"
#include "decode/probe/probe_formats.h"
#include "decode/seek/seek_index.h"
#include "feed/render_sample.h"
#include "plugins/provided.h"

namespace fastpass {
namespace {

Status check_seek_index(const PluginImage& image) {
  return image.seek_index.size == 0 ? Status() : verify_seek_index(image.seek_index, image.bytes);
}

}  // namespace

PluginWorker::PluginWorker(Request request)
    : request_(std::move(request)), decoder_(make_decoder("auto")) {}

Status PluginWorker::plan(const PluginImage& image, const DrawKey& key,
                          const WholeImageDecoder& whole, SamplePlan* plan) {
  Draws draws;
  draws.key = key;
  FASTPASS_RETURN_IF_ERROR(
      plan_sample(image.bytes, image.seek_index, draws, request_.sample, whole, plan));
  if (plan->is_decoded) return {};
  FASTPASS_RETURN_IF_ERROR(check_seek_index(image));
  plan->decode.is_seek_index_verified = true;
  return {};
}

Status PluginWorker::render(const PluginImage& image, const DrawKey& key,
                            std::uint8_t* const* outputs) {
  {
    const Stopwatch watch(&times_.decode_nanoseconds);
    const WholeImageDecoder whole = {decoder_.get(), &plugin_foreign_decoder(), &pixels_};
    FASTPASS_RETURN_IF_ERROR(plan(image, key, whole, &plan_));
    FASTPASS_RETURN_IF_ERROR(decode_sample(plan_, decoder_.get(), &pixels_));
  }
  const Stopwatch watch(&times_.augment_nanoseconds);
  std::uint8_t* const* op_outputs = outputs + request_.sample.views.size();
  outputs_.views.assign(outputs, op_outputs);
  outputs_.ops.assign(op_outputs, op_outputs + request_.op_outputs.size());
  return render_sample(plan_, pixels_.view(), request_.sample, request_.format, outputs_,
                       &renderer_);
}

Status PluginWorker::plan_on_gpu(const PluginImage& image, const DrawKey& key, GpuSample* sample) {
  const Stopwatch watch(&times_.decode_nanoseconds);
  const WholeImageDecoder whole = {decoder_.get(), &plugin_foreign_decoder(),
                                   &sample->image.pixels};
  FASTPASS_RETURN_IF_ERROR(plan(image, key, whole, &sample->plan));
  return GpuBatch::plan_image(&planner_, sample);
}

DecodeOptions PluginWorker::options_for(const PluginImage& image,
                                        const DecodeOptions& region) const {
  DecodeOptions options = request_.sample.decode;
  options.crop = region.crop;
  options.scale_denominator = region.scale_denominator;
  options.seek_index = image.seek_index;
  options.is_seek_index_verified = true;  // by decode()
  return options;
}

Status PluginWorker::decoded_size(const PluginImage& image, const DecodeOptions& region,
                                  int* height, int* width) {
  const DecodeOptions options = options_for(image, region);
  ImageInfo info;
  if (is_jpeg(image.bytes)) {
    FASTPASS_RETURN_IF_ERROR(plan_.headers.read(image.bytes));
    info = plan_.headers.info();
  } else {
    FASTPASS_RETURN_IF_ERROR(probe(image.bytes, &info));
  }
  FASTPASS_RETURN_IF_ERROR(check_pixel_budget(info.width, info.height, options.max_pixels));
  if (options.applies_orientation && swaps_sides(info.exif_orientation)) {
    std::swap(info.height, info.width);
  }
  const int scale = options.scale_denominator;
  CropBox crop;
  FASTPASS_RETURN_IF_ERROR(resolve_crop(options, (info.width + scale - 1) / scale,
                                        (info.height + scale - 1) / scale, &crop));
  *height = crop.height;
  *width = crop.width;
  return {};
}

Status PluginWorker::decode(const PluginImage& image, const DecodeOptions& region,
                            PixelBuffer* pixels) {
  const Stopwatch watch(&times_.decode_nanoseconds);
  const DecodeOptions options = options_for(image, region);
  if (!is_jpeg(image.bytes)) return decode_foreign(image, options, pixels);
  FASTPASS_RETURN_IF_ERROR(check_seek_index(image));
  return decoder_->decode(image.bytes, options, pixels);
}

Status PluginWorker::plan_decoding_on_gpu(const PluginImage& image, const DecodeOptions& region,
                                          ImagePlan* plan) {
  const DecodeOptions options = options_for(image, region);
  if (is_jpeg(image.bytes)) {
    FASTPASS_RETURN_IF_ERROR(check_seek_index(image));
    return planner_.plan(image.bytes, options, plan);
  }
  FASTPASS_RETURN_IF_ERROR(decode_foreign(image, options, &plan->pixels));
  const ImageView& pixels = plan->pixels.view();
  plan->coding = PlannedCoding::kPixels;
  plan->crop = {0, 0, pixels.height, pixels.width};
  return {};
}

// All of the image is decoded, and the box cut out.
Status PluginWorker::decode_foreign(const PluginImage& image, const DecodeOptions& options,
                                    PixelBuffer* pixels) {
  if (options.scale_denominator != 1) {
    return {Fault::kUnsupportedImage, "only JPEGs are decoded at a smaller scale; this is none"};
  }
  FASTPASS_RETURN_IF_ERROR(plugin_foreign_decoder()(image.bytes, options, &pixels_));
  const ImageView& whole = pixels_.view();
  CropBox crop;
  FASTPASS_RETURN_IF_ERROR(resolve_crop(options, whole.width, whole.height, &crop));
  FASTPASS_RETURN_IF_ERROR(pixels->resize(crop.height, crop.width));
  const ImageView& cut = pixels->view();
  for (int y = 0; y < crop.height; ++y) {
    const std::uint8_t* row = whole.row(crop.top + y) + 3 * std::ptrdiff_t{crop.left};
    std::copy_n(row, cut.stride, cut.row(y));
  }
  return {};
}

}  // namespace fastpass
