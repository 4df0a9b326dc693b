// What is behind a worker of c_api.h: one thread's decoder, memory and request.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "augment/cpu/view_renderer.h"
#include "common/status.h"
#include "decode/decoder.h"
#include "decode/gpu/gpu_image_plan.h"
#include "decode/pixel_buffer.h"
#include "feed/gpu_batch.h"
#include "feed/render_sample.h"
#include "feed/sample_plan.h"
#include "feed/stage_times.h"
#include "plugins/request.h"

namespace fastpass {

// Encoded bytes with their seek index, which is empty where there is none.
struct PluginImage {
  Span bytes;
  Span seek_index;
};

// Makes one sample after the other, as the threads of a loader do.
class PluginWorker {
 public:
  explicit PluginWorker(Request request);

  const Request& request() const { return request_; }
  StageTimes& times() { return times_; }  // of this worker

  // outputs: of the views, then of the operations.
  Status render(const PluginImage& image, const DrawKey& key, std::uint8_t* const* outputs);
  // What a GPU is to do for the same; the image's bytes are read until it is done.
  Status plan_on_gpu(const PluginImage& image, const DrawKey& key, GpuSample* sample);
  // Of what decode() gives for the same arguments; `region` has a crop and a scale.
  Status decoded_size(const PluginImage& image, const DecodeOptions& region, int* height,
                      int* width);
  Status decode(const PluginImage& image, const DecodeOptions& region, PixelBuffer* pixels);
  // What a GPU is to do for the same; the image's bytes are read until it is done.
  Status plan_decoding_on_gpu(const PluginImage& image, const DecodeOptions& region,
                              ImagePlan* plan);

 private:
  Status plan(const PluginImage& image, const DrawKey& key, const WholeImageDecoder& whole,
              SamplePlan* plan);
  DecodeOptions options_for(const PluginImage& image, const DecodeOptions& region) const;
  Status decode_foreign(const PluginImage& image, const DecodeOptions& options,
                        PixelBuffer* pixels);

  const Request request_;
  const std::unique_ptr<Decoder> decoder_;
  ViewRenderer renderer_;
  PixelBuffer pixels_;
  SamplePlan plan_;
  SampleOutputs outputs_;
  ImagePlanner planner_;
  StageTimes times_;
};

}  // namespace fastpass
