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

  // Calls `plan` with the sample at `place`, whose status it gives.
  template <typename Plan>
  Status plan(std::size_t place, const Plan& plan) {
    if (place >= statuses_.size()) {
      return {Fault::kBadArgument, "place " + std::to_string(place) + " of a batch of " +
                                       std::to_string(statuses_.size())};
    }
    statuses_[place] = plan(&batch_.sample(place));
    return statuses_[place];
  }

  // `consumer` is a stream of whoever reads the outputs.
  Status render(const std::vector<std::uint8_t*>& outputs, Stream consumer) {
    return waited_for(queue_rendering(outputs, consumer));
  }

  // pixels[place]
  Status decode(std::uint8_t* const* pixels, Stream consumer) {
    return waited_for(queue_decoding(pixels, consumer));
  }

  void tell_statuses(fastpass_report* reports) const {
    for (std::size_t place = 0; place < statuses_.size(); ++place) {
      tell(statuses_[place], &reports[place]);
    }
  }
  std::size_t num_views() const { return request_.sample.views.size(); }

 private:
  // What fails half-way may still write, and its caller frees the outputs.
  Status waited_for(const Status& status) {
    if (!status.ok()) static_cast<void>(gpu_->device->finish_all());
    return status;
  }

  Status queue_rendering(const std::vector<std::uint8_t*>& outputs, Stream consumer) {
    FASTPASS_RETURN_IF_ERROR(batch_.queue_decoding(sound_places()));
    FASTPASS_RETURN_IF_ERROR(batch_.finish_decoding("auto", &statuses_));
    FASTPASS_RETURN_IF_ERROR(follow(consumer, batch_.stream()));
    FASTPASS_RETURN_IF_ERROR(clear_views_of_damaged(outputs));
    FASTPASS_RETURN_IF_ERROR(batch_.queue_views(
        sound_places(), request_.sample.views, request_.format, outputs, GpuBatch::Rows::kByPlace));
    return follow(batch_.stream(), consumer);
  }

  Status queue_decoding(std::uint8_t* const* pixels, Stream consumer) {
    const std::vector<std::size_t> places = sound_places();
    std::vector<std::uint8_t*> outputs;
    for (const std::size_t place : places) outputs.push_back(pixels[place]);
    FASTPASS_RETURN_IF_ERROR(follow(consumer, batch_.stream()));
    FASTPASS_RETURN_IF_ERROR(batch_.queue_decoding(places, outputs));
    FASTPASS_RETURN_IF_ERROR(batch_.finish_decoding("auto", &statuses_));
    return follow(batch_.stream(), consumer);
  }

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
  for (const ViewOps& ops : read.sample.ops) {
    if (ops.empty()) continue;
    return {Fault::kBadArgument, "the view_op " + ops.front().name +
                                     " runs on the CPU only: render there, or leave it out"};
  }
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
    return batch->batch->plan(static_cast<std::size_t>(place), [&](fastpass::GpuSample* sample) {
      return worker->worker.plan_on_gpu(fastpass::image_of(*image), fastpass::key_of(*key), sample);
    });
  });
}

std::int32_t fastpass_gpu_render(fastpass_gpu_batch* batch, std::uint8_t* const* outputs,
                                 void* stream, fastpass_report* reports, fastpass_report* report) {
  return fastpass::guarded(report, [&]() -> Status {
    const std::vector<std::uint8_t*> memory(outputs, outputs + batch->batch->num_views());
    FASTPASS_RETURN_IF_ERROR(batch->batch->render(memory, stream));
    batch->batch->tell_statuses(reports);
    return {};
  });
}

std::int32_t fastpass_gpu_plan_decoding(fastpass_gpu_batch* batch, fastpass_worker* worker,
                                        std::int64_t place, const fastpass_image* image,
                                        const fastpass_region* region, fastpass_report* report) {
  return fastpass::timed(worker, report, [&]() -> Status {
    fastpass::DecodeOptions options;
    FASTPASS_RETURN_IF_ERROR(fastpass::read_region(*region, &options));
    return batch->batch->plan(static_cast<std::size_t>(place), [&](fastpass::GpuSample* sample) {
      return worker->worker.plan_decoding_on_gpu(fastpass::image_of(*image), options,
                                                 &sample->image);
    });
  });
}

std::int32_t fastpass_gpu_decode(fastpass_gpu_batch* batch, std::uint8_t* const* pixels,
                                 void* stream, fastpass_report* reports, fastpass_report* report) {
  return fastpass::guarded(report, [&]() -> Status {
    FASTPASS_RETURN_IF_ERROR(batch->batch->decode(pixels, stream));
    batch->batch->tell_statuses(reports);
    return {};
  });
}
