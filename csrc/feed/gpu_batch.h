// A batch of planned samples on its way through a GPU: decoded there, then rendered there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "augment/gpu/batch_renderer.h"
#include "augment/view_format.h"
#include "common/gpu/fence.h"
#include "decode/gpu/batch_decoder.h"
#include "decode/gpu/gpu_image_plan.h"
#include "feed/gpu.h"
#include "feed/sample_plan.h"
#include "pack/sample_source.h"

namespace fastpass {

// A sample and what the GPU is to do with it.
struct GpuSample {
  EncodedSample encoded;
  SamplePlan plan;
  ImagePlan image;
};

// What one batch needs on a GPU besides the memory of its views; reused from batch to batch. One
// user at a time.
class GpuBatch {
 public:
  explicit GpuBatch(std::shared_ptr<Gpu> gpu)
      : gpu_(std::move(gpu)),
        decoder_(gpu_->device.get(), gpu_->decode.get()),
        renderer_(gpu_->device.get(), gpu_->render.get()),
        decoded_(gpu_->device.get()),
        finished_(gpu_->device.get()) {}
  ~GpuBatch();
  GpuBatch(const GpuBatch&) = delete;
  GpuBatch& operator=(const GpuBatch&) = delete;

  // Call once, before anything else.
  Status open();
  void reserve(std::size_t num_samples);
  GpuSample& sample(std::size_t place) { return *samples_[place]; }
  Stream stream() const { return stream_; }

  // What the plan of a sample asks of the GPU, where `planner` finds it out from the headers.
  // Pixels that the plan had decoded are taken from `image.pixels`.
  static Status plan_image(ImagePlanner* planner, GpuSample* sample);

  // Waits until nothing of the last batch is on its way; as a rule, it has long arrived. Then
  // queues the decoding of the samples at these places, into memory of its own, or into `outputs`
  // [sample] where there are any.
  Status queue_decoding(std::vector<std::size_t> places, std::vector<std::uint8_t*> outputs = {});
  // Whether finish_decoding() would not have to wait.
  bool is_decoded() const;
  // Waits; the CPU's `backend` decodes what the GPU has given up. (*statuses)[place] says what is
  // wrong with a sample.
  Status finish_decoding(const std::string& backend, std::vector<Status>* statuses);
  // Where a sample's views lie in the memory of a batch: without gaps, in the order of the samples
  // that have any, or at the sample's place.
  enum class Rows { kPacked, kByPlace };
  // Queues the views of the samples at `places`, some of those that were decoded, in their order.
  // outputs[view] is the first of the views in the GPU's memory.
  Status queue_views(const std::vector<std::size_t>& places, const std::vector<ViewSpec>& specs,
                     const ViewFormat& format, const std::vector<std::uint8_t*>& outputs,
                     Rows rows = Rows::kPacked);

 private:
  Status synchronize();
  Status queue_tasks(const std::vector<std::size_t>& places, const std::vector<ViewSpec>& specs,
                     const ViewFormat& format, const std::vector<std::uint8_t*>& outputs,
                     Rows rows);
  Device& device() const { return *gpu_->device; }

  const std::shared_ptr<Gpu> gpu_;
  BatchDecoder decoder_;
  BatchRenderer renderer_;
  Stream stream_ = nullptr;
  Fence decoded_;                                    // behind what queue_decoding() has queued
  Fence finished_;                                   // behind what the calls after it have queued
  std::vector<std::unique_ptr<GpuSample>> samples_;  // [place]
  std::vector<std::size_t> decoded_places_;          // [image of the decoder]
  std::vector<const ImagePlan*> plans_;              // [image of the decoder]
};

}  // namespace fastpass
