#include "plugins/gpu_api.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "feed/gpu_batch.h"
#include "plugins/calls.h"
#include "plugins/provided.h"
#include "plugins/request.h"

namespace fastpass {
namespace {

// A batch of a plug-in: the samples' statuses by place, and the GPU's part.
class PluginGpuBatch {
 public:
  PluginGpuBatch(Request request, std::shared_ptr<Gpu> gpu)
      : request_(std::move(request)), gpu_(std::move(gpu)), batch_(gpu_) {}
  ~PluginGpuBatch() {
    if (turn_ != nullptr) gpu_->device->free_event(turn_);
  }
  PluginGpuBatch(const PluginGpuBatch&) = delete;
  PluginGpuBatch& operator=(const PluginGpuBatch&) = delete;

  Status open() {
    FASTPASS_RETURN_IF_ERROR(batch_.open());
    return gpu_->device->make_event(&turn_);
  }

  void begin(std::size_t num_samples) {
    batch_.reserve(num_samples);
    statuses_.assign(num_samples, {Fault::kBadArgument, "the sample was not planned"});
  }

  Status plan(std::size_t place, const PluginImage& image, const DrawKey& key,
              PluginWorker* worker) {
    if (place >= statuses_.size()) {
      return {Fault::kBadArgument, "place " + std::to_string(place) + " of a batch of " +
                                       std::to_string(statuses_.size())};
    }
    statuses_[place] = worker->plan_on_gpu(image, key, &batch_.sample(place));
    return statuses_[place];
  }

  // `consumer` is a stream of whoever reads the outputs.
  Status render(const std::vector<std::uint8_t*>& outputs, Stream consumer) {
    FASTPASS_RETURN_IF_ERROR(batch_.queue_decoding(sound_places()));
    FASTPASS_RETURN_IF_ERROR(batch_.finish_decoding("auto", &statuses_));
    FASTPASS_RETURN_IF_ERROR(follow(consumer, batch_.stream()));
    FASTPASS_RETURN_IF_ERROR(clear_views_of_damaged(outputs));
    FASTPASS_RETURN_IF_ERROR(batch_.queue_views(
        sound_places(), request_.sample.views, request_.format, outputs, GpuBatch::Rows::kByPlace));
    return follow(batch_.stream(), consumer);
  }

  const std::vector<Status>& statuses() const { return statuses_; }
  std::size_t num_views() const { return request_.sample.views.size(); }

 private:
  std::vector<std::size_t> sound_places() const {
    std::vector<std::size_t> places;
    for (std::size_t place = 0; place < statuses_.size(); ++place) {
      if (statuses_[place].ok()) places.push_back(place);
    }
    return places;
  }

  Status clear_views_of_damaged(const std::vector<std::uint8_t*>& outputs) {
    for (std::size_t place = 0; place < statuses_.size(); ++place) {
      if (statuses_[place].ok()) continue;
      for (std::size_t view = 0; view < outputs.size(); ++view) {
        const std::size_t bytes =
            view_bytes(request_.sample.views[view].size, request_.format.dtype);
        FASTPASS_RETURN_IF_ERROR(
            gpu_->device->clear(outputs[view] + place * bytes, bytes, batch_.stream()));
      }
    }
    return {};
  }

  // What is queued on `second` from now on runs behind what is queued on `first`.
  Status follow(Stream first, Stream second) {
    FASTPASS_RETURN_IF_ERROR(gpu_->device->record(turn_, first));
    return gpu_->device->wait(second, turn_);
  }

  const Request request_;
  const std::shared_ptr<Gpu> gpu_;
  GpuBatch batch_;
  Event turn_ = nullptr;
  std::vector<Status> statuses_;  // [place]
};

Status make_batch(const char* request, int ordinal, std::unique_ptr<PluginGpuBatch>* batch) {
  Request read;
  FASTPASS_RETURN_IF_ERROR(read_request(request, &read));
  std::shared_ptr<Gpu> gpu;
  FASTPASS_RETURN_IF_ERROR(plugin_gpus()(ordinal, &gpu));
  auto made = std::make_unique<PluginGpuBatch>(std::move(read), std::move(gpu));
  FASTPASS_RETURN_IF_ERROR(made->open());
  *batch = std::move(made);
  return {};
}

}  // namespace
}  // namespace fastpass

struct fastpass_gpu_batch {
  std::unique_ptr<fastpass::PluginGpuBatch> batch;
};

using fastpass::Status;

fastpass_gpu_batch* fastpass_gpu_batch_new(const char* request, std::int32_t ordinal,
                                           fastpass_report* report) {
  fastpass_gpu_batch* made = nullptr;
  *report = {};
  fastpass::guarded(report, [&]() -> Status {
    std::unique_ptr<fastpass::PluginGpuBatch> batch;
    FASTPASS_RETURN_IF_ERROR(fastpass::make_batch(request, ordinal, &batch));
    made = new fastpass_gpu_batch{std::move(batch)};
    return {};
  });
  return made;
}

void fastpass_gpu_batch_free(fastpass_gpu_batch* batch) { delete batch; }

std::int32_t fastpass_gpu_begin(fastpass_gpu_batch* batch, std::int64_t num_samples,
                                fastpass_report* report) {
  return fastpass::guarded(report, [&]() -> Status {
    batch->batch->begin(static_cast<std::size_t>(num_samples));
    return {};
  });
}

std::int32_t fastpass_gpu_plan(fastpass_gpu_batch* batch, fastpass_worker* worker,
                               std::int64_t place, const fastpass_image* image,
                               const fastpass_key* key, fastpass_report* report) {
  return fastpass::timed(worker, report, [&] {
    return batch->batch->plan(static_cast<std::size_t>(place), fastpass::image_of(*image),
                              fastpass::key_of(*key), &worker->worker);
  });
}

std::int32_t fastpass_gpu_render(fastpass_gpu_batch* batch, std::uint8_t* const* outputs,
                                 void* stream, fastpass_report* reports, fastpass_report* report) {
  return fastpass::guarded(report, [&]() -> Status {
    const std::vector<std::uint8_t*> memory(outputs, outputs + batch->batch->num_views());
    FASTPASS_RETURN_IF_ERROR(batch->batch->render(memory, stream));
    const std::vector<Status>& statuses = batch->batch->statuses();
    for (std::size_t place = 0; place < statuses.size(); ++place) {
      fastpass::tell(statuses[place], &reports[place]);
    }
    return {};
  });
}
