// From the bytes and the key of a sample to its views in numbers: what was drawn, and which region
// of the image at which scale they need. Every way to views begins here: batches on the CPU and on
// a GPU, and single images.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "augment/params.h"
#include "augment/region_plan.h"
#include "augment/source_region.h"
#include "augment/view_op.h"
#include "common/rng.h"
#include "common/status.h"
#include "common/view.h"
#include "decode/decoder.h"
#include "decode/pixel_buffer.h"
#include "decode/syntax/jpeg_headers.h"

namespace fastpass {

// Decodes all of what no JPEG backend knows (PNG, WebP, ...); called from worker threads.
using ForeignDecoder =
    std::function<Status(Span encoded, const DecodeOptions& options, PixelBuffer*)>;

// What is asked of every sample.
struct SampleOptions {
  std::vector<ViewSpec> views;
  std::vector<ViewOps> ops;  // [view]; on the CPU only
  // Large sources may be decoded at a smaller DCT scale (plan_region): mode "fast".
  bool may_scale = false;
  // How images are decoded; crop, scale and index are the plan's.
  DecodeOptions decode;
};

// What one sample needs; its memory is reused from sample to sample.
struct SamplePlan {
  JpegHeaders headers;  // of a JPEG; they borrow its bytes
  // Of the whole image in pixels, turned by its orientation where that is asked for: boxes of views
  // and the region lie in that image.
  std::int32_t height = 0, width = 0;
  std::vector<ViewParams> views;  // [view]
  DrawKey key;                    // of the sample; its view_id is not looked at
  // All of the image was decoded, to find out how large it is. Else it is a JPEG with sound
  // headers, of which `region` is to be decoded, with `decode`.
  bool is_decoded = false;
  RegionPlan region;
  DecodeOptions decode;

  // `pixels` are, or will be, what was to be decoded.
  SourceRegion source(const ImageView& pixels) const {
    return is_decoded ? whole_image(pixels) : region_of(region, pixels, height, width);
  }
};

// How many bytes each output of the operations has for one sample, view by view.
std::vector<std::size_t> op_output_bytes(const SampleOptions& options);

// What decodes an image as a whole, where its headers do not tell its size.
struct WholeImageDecoder {
  Decoder* decoder;               // of the calling thread, for JPEGs
  const ForeignDecoder* foreign;  // for all else
  PixelBuffer* pixels;            // where the pixels go
};

// Where the numbers of the views come from.
struct Draws {
  DrawKey key;  // its view_id is not looked at
  // Drawn before, one for each view; nullptr: to be drawn by the key, as operations' numbers are
  // always.
  const std::vector<ViewParams>* before = nullptr;
};

// `seek_index`, empty where there is none, is not yet known to belong to these bytes.
Status plan_sample(Span bytes, Span seek_index, const Draws& draws, const SampleOptions& options,
                   const WholeImageDecoder& whole, SamplePlan* plan);

// The same for an image that somebody else has decoded.
Status plan_pixels(const ImageView& pixels, const Draws& draws, const SampleOptions& options,
                   SamplePlan* plan);

}  // namespace fastpass
