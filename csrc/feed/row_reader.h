// From a position in the source to what is to be decoded of the sample, and the draws of its views.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "augment/params.h"
#include "augment/region_plan.h"
#include "augment/source_region.h"
#include "common/rng.h"
#include "common/status.h"
#include "decode/decoder.h"
#include "decode/pixel_buffer.h"
#include "feed/engine_options.h"
#include "pack/sample_source.h"

namespace fastpass {

// What one sample needs; its memory is reused from sample to sample.
struct RowRequest {
  EncodedSample sample;
  std::vector<ViewParams> views;
  std::int32_t height = 0, width = 0;  // of the whole image
  // A JPEG whose headers are sound: this part of it is to be decoded. Else all of it was decoded,
  // to find out how large it is.
  bool is_planned = false;
  RegionPlan plan;
  DecodeOptions options;

  // Of pixels that are, or will be, what was to be decoded.
  SourceRegion region(const ImageView& pixels) const {
    return is_planned ? region_of(plan, pixels, height, width) : whole_image(pixels);
  }
};

// Shared by all threads.
class RowReader {
 public:
  RowReader(std::shared_ptr<const SampleSource> source, const EngineOptions& options,
            ForeignDecoder foreign_decoder, StageTimes* times);

  // `decoder`, the calling thread's, and `pixels` are for samples that cannot be planned.
  Status read(std::int64_t position, std::uint32_t epoch, Decoder* decoder, PixelBuffer* pixels,
              RowRequest* request);

  const SampleSource& source() const { return *source_; }
  const EngineOptions& options() const { return options_; }
  StageTimes& times() { return *times_; }

 private:
  Status fetch(std::int64_t position, EncodedSample* sample) const;
  Status verify_seek_index_once(std::int64_t position, const EncodedSample& sample);
  Status decode_whole(Span bytes, Decoder* decoder, PixelBuffer* pixels) const;
  Status draw(DrawKey key, RowRequest* request) const;

  const std::shared_ptr<const SampleSource> source_;
  const EngineOptions& options_;
  const ForeignDecoder foreign_decoder_;
  StageTimes* const times_;
  // [position]: the seek index is known to belong to the image.
  std::vector<std::atomic<bool>> is_verified_;
};

}  // namespace fastpass
