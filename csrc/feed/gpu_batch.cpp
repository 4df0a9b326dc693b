#include "feed/gpu_batch.h"

#include <utility>

#include "decode/gpu/given_up.h"

namespace fastpass {

GpuBatch::~GpuBatch() {
  static_cast<void>(synchronize());
  if (stream_ != nullptr) device().free_stream(stream_);
}

Status GpuBatch::open() {
  FASTPASS_RETURN_IF_ERROR(decoded_.open());
  FASTPASS_RETURN_IF_ERROR(finished_.open());
  return device().make_stream(&stream_);
}

void GpuBatch::reserve(std::size_t num_samples) {
  while (samples_.size() < num_samples) samples_.push_back(std::make_unique<GpuSample>());
}

Status GpuBatch::synchronize() {
  if (stream_ == nullptr) return {};
  FASTPASS_RETURN_IF_ERROR(decoded_.wait());
  return finished_.wait();
}

Status GpuBatch::plan_image(ImagePlanner* planner, GpuSample* sample) {
  if (!sample->plan.is_decoded) {
    return planner->plan(sample->plan.headers, sample->plan.decode, &sample->image);
  }
  const ImageView& pixels = sample->image.pixels.view();
  sample->image.coding = PlannedCoding::kPixels;
  sample->image.crop = {0, 0, pixels.height, pixels.width};
  return {};
}

Status GpuBatch::queue_decoding(std::vector<std::size_t> places,
                                std::vector<std::uint8_t*> outputs) {
  FASTPASS_RETURN_IF_ERROR(synchronize());
  decoded_places_ = std::move(places);
  plans_.clear();
  for (const std::size_t place : decoded_places_) plans_.push_back(&samples_[place]->image);
  outputs.resize(plans_.size(), nullptr);
  return decoded_.close(decoder_.queue(plans_, outputs, stream_), stream_);
}

bool GpuBatch::is_decoded() const {
  bool has_happened = false;
  // What failed, finish_decoding() tells.
  return !decoded_.query(&has_happened).ok() || has_happened;
}

Status GpuBatch::finish_decoding(const std::string& backend, std::vector<Status>* statuses) {
  FASTPASS_RETURN_IF_ERROR(decoded_.wait());
  std::vector<Status> of_images(plans_.size());
  const Status status = decode_given_up(plans_, backend, stream_, &decoder_, &of_images);
  // The views may never be queued, but the pixels that were replaced are on their way.
  FASTPASS_RETURN_IF_ERROR(finished_.close(status, stream_));
  for (std::size_t image = 0; image < of_images.size(); ++image) {
    if (!of_images[image].ok()) (*statuses)[decoded_places_[image]] = of_images[image];
  }
  return {};
}

Status GpuBatch::queue_views(const std::vector<std::size_t>& places,
                             const std::vector<ViewSpec>& specs, const ViewFormat& format,
                             const std::vector<std::uint8_t*>& outputs, Rows rows) {
  return finished_.close(queue_tasks(places, specs, format, outputs, rows), stream_);
}

Status GpuBatch::queue_tasks(const std::vector<std::size_t>& places,
                             const std::vector<ViewSpec>& specs, const ViewFormat& format,
                             const std::vector<std::uint8_t*>& outputs, Rows rows) {
  std::vector<ViewTask> tasks;
  std::size_t rank = 0;  // in `places`
  for (std::size_t image = 0; image < decoded_places_.size() && rank < places.size(); ++image) {
    const std::size_t place = decoded_places_[image];
    if (place != places[rank]) continue;
    const SamplePlan& plan = samples_[place]->plan;
    const SourceRegion source = plan.source(decoder_.pixels(static_cast<int>(image)));
    const std::size_t row = rows == Rows::kPacked ? rank : place;
    for (std::size_t view = 0; view < specs.size(); ++view) {
      std::uint8_t* out = outputs[view] + row * view_bytes(specs[view].size, format.dtype);
      tasks.push_back({source, &specs[view], plan.views[view], out});
    }
    ++rank;
  }
  return renderer_.queue(tasks, format, stream_);
}

}  // namespace fastpass
