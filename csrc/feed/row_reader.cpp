#include "feed/row_reader.h"

#include <utility>

#include "augment/render.h"
#include "decode/probe/probe.h"
#include "decode/seek/seek_index.h"

namespace fastpass {
namespace {

bool is_jpeg(Span bytes) {
  return bytes.size >= 2 && bytes.data[0] == 0xFF && bytes.data[1] == 0xD8;
}

}  // namespace

RowReader::RowReader(std::shared_ptr<const SampleSource> source, const EngineOptions& options,
                     ForeignDecoder foreign_decoder, StageTimes* times)
    : source_(std::move(source)),
      options_(options),
      foreign_decoder_(std::move(foreign_decoder)),
      times_(times),
      is_verified_(static_cast<std::size_t>(source_->size())) {}

Status RowReader::read(std::int64_t position, std::uint32_t epoch, Decoder* decoder,
                       PixelBuffer* pixels, RowRequest* request) {
  {
    const Stopwatch watch(&times_->read_nanoseconds);
    FASTPASS_RETURN_IF_ERROR(fetch(position, &request->sample));
  }
  const Stopwatch watch(&times_->decode_nanoseconds);
  DrawKey key;
  key.seed = options_.seed;
  key.sample_id = static_cast<std::uint64_t>(source_->sample_id(position));
  key.epoch = epoch;
  const Span bytes = request->sample.bytes;
  ImageInfo info;
  // What is wrong with the headers of a damaged image, its decoder tells best.
  request->is_planned = is_jpeg(bytes) && probe(bytes, &info).ok();
  if (!request->is_planned) {
    FASTPASS_RETURN_IF_ERROR(decode_whole(bytes, decoder, pixels));
    request->height = pixels->view().height;
    request->width = pixels->view().width;
    return draw(key, request);
  }
  FASTPASS_RETURN_IF_ERROR(verify_seek_index_once(position, request->sample));
  request->height = info.height;
  request->width = info.width;
  FASTPASS_RETURN_IF_ERROR(draw(key, request));
  request->plan = plan_region(request->views, info.height, info.width, options_.may_scale);
  request->options = DecodeOptions();
  request->options.max_pixels = options_.max_pixels;
  request->options.seek_index = request->sample.seek_index;
  request->options.is_seek_index_verified = true;
  request->options.crop = request->plan.crop;
  request->options.scale_denominator = request->plan.scale_denominator;
  return {};
}

Status RowReader::fetch(std::int64_t position, EncodedSample* sample) const {
  return options_.reads_by_pread ? source_->read(position, sample)
                                 : source_->fetch(position, sample);
}

// Note [When a pack's seek index is believed]. A pack notices a changed tar by its size, time
// and headers, not a change of image bytes that keeps all of these; with an index from before,
// such a change could give wrong pixels. So the hash in the index is compared with the image
// once per engine, when the sample is first decoded (about 1 % of that decoding), and not again
// in later epochs.
Status RowReader::verify_seek_index_once(std::int64_t position, const EncodedSample& sample) {
  std::atomic<bool>& is_verified = is_verified_[static_cast<std::size_t>(position)];
  if (sample.seek_index.size == 0 || is_verified.load(std::memory_order_relaxed)) return {};
  FASTPASS_RETURN_IF_ERROR(verify_seek_index(sample.seek_index, sample.bytes));
  is_verified.store(true, std::memory_order_relaxed);
  return {};
}

Status RowReader::decode_whole(Span bytes, Decoder* decoder, PixelBuffer* pixels) const {
  if (!is_jpeg(bytes)) return foreign_decoder_(bytes, options_.max_pixels, pixels);
  DecodeOptions options;
  options.max_pixels = options_.max_pixels;
  return decoder->decode(bytes, options, pixels);
}

Status RowReader::draw(DrawKey key, RowRequest* request) const {
  request->views.resize(options_.views.size());
  for (std::size_t view = 0; view < options_.views.size(); ++view) {
    key.view_id = static_cast<std::uint16_t>(view);
    FASTPASS_RETURN_IF_ERROR(draw_view(options_.views[view], request->height, request->width, key,
                                       &request->views[view]));
  }
  return {};
}

}  // namespace fastpass
