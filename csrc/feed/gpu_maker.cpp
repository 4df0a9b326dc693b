#include "feed/gpu_maker.h"

#include <mutex>
#include <utility>

#include "decode/decoder_registry.h"
#include "feed/gpu_batch.h"
#include "feed/gpu_slot.h"

namespace fastpass {
namespace {

struct GpuContext : BatchContext {
  std::shared_ptr<GpuBatch> batch;
};

GpuBatch& gpu_batch_of(const BatchWork& work) {
  return *static_cast<const GpuContext&>(*work.context).batch;
}

// Keeps what a batch needs on the GPU while no batch has it.
class GpuBatchPool : public std::enable_shared_from_this<GpuBatchPool> {
 public:
  explicit GpuBatchPool(std::shared_ptr<Gpu> gpu) : gpu_(std::move(gpu)) {}

  Status acquire(std::size_t num_samples, std::shared_ptr<BatchContext>* context) {
    std::unique_ptr<GpuBatch> taken;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        taken = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!taken) {
      taken = std::make_unique<GpuBatch>(gpu_);
      FASTPASS_RETURN_IF_ERROR(taken->open());
    }
    taken->reserve(num_samples);
    auto made = std::make_shared<GpuContext>();
    made->batch.reset(taken.release(), [pool = shared_from_this()](GpuBatch* used) {
      const std::lock_guard<std::mutex> lock(pool->mutex_);
      pool->free_.emplace_back(used);
    });
    *context = std::move(made);
    return {};
  }

 private:
  const std::shared_ptr<Gpu> gpu_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<GpuBatch>> free_;
};

// One thread's part of a batch: reads samples and plans what the GPU is to do with them.
class GpuSampleMaker : public SampleMaker {
 public:
  explicit GpuSampleMaker(SampleReader* reader)
      : reader_(*reader), decoder_(make_decoder(reader->options().decoder)) {}

  Status make(BatchWork* work, std::size_t place) override {
    GpuSample& sample = gpu_batch_of(*work).sample(place);
    const WholeImageDecoder whole = {decoder_.get(), &reader_.foreign_decoder(),
                                     &sample.image.pixels};
    FASTPASS_RETURN_IF_ERROR(
        reader_.read(work->positions[place], work->epoch, whole, &sample.encoded, &sample.plan));
    const Stopwatch watch(&reader_.times().decode_nanoseconds);
    return GpuBatch::plan_image(&planner_, &sample);
  }

 private:
  SampleReader& reader_;
  const std::unique_ptr<Decoder> decoder_;
  ImagePlanner planner_;
};

// Batches that are decoded and rendered on a GPU, each as a whole when its last sample is planned.
class GpuMaker : public BatchMaker {
 public:
  GpuMaker(std::shared_ptr<Gpu> gpu, SampleReader* reader)
      : gpu_(std::move(gpu)), reader_(*reader), pool_(std::make_shared<GpuBatchPool>(gpu_)) {}

  std::unique_ptr<SampleMaker> make_sample_maker() override {
    return std::make_unique<GpuSampleMaker>(&reader_);
  }
  SlotFactory slot_factory() const override { return gpu_slot_factory(gpu_); }

  Status begin(BatchWork* work) override {
    return pool_->acquire(work->positions.size(), &work->context);
  }

  Status launch(BatchWork* work) override {
    const Stopwatch watch(&reader_.times().decode_nanoseconds);
    std::vector<std::size_t> places;
    for (std::size_t place = 0; place < work->positions.size(); ++place) {
      if (work->statuses[place].ok()) places.push_back(place);
    }
    return gpu_batch_of(*work).queue_decoding(std::move(places));
  }

  bool is_launch_done(const BatchWork& work) override { return gpu_batch_of(work).is_decoded(); }

  Status finish(BatchWork* work) override {
    const FeedOptions& options = reader_.options();
    GpuBatch& batch = gpu_batch_of(*work);
    FASTPASS_RETURN_IF_ERROR(finish_decoding(&batch, work));
    const Stopwatch watch(&reader_.times().augment_nanoseconds);
    const std::vector<std::size_t> kept =
        settle_samples(reader_.source(), options.skip_damaged, work);
    auto& slot = static_cast<GpuSlot&>(*work->slot);
    FASTPASS_RETURN_IF_ERROR(slot.begin_writing(batch.stream()));
    const Status status = batch.queue_views(kept, options.sample.views, options.format, slot.views);
    reader_.times().num_images.fetch_add(slot.num_samples, std::memory_order_relaxed);
    return slot.end_writing(status, batch.stream());
  }

 private:
  // What the CPU refuses, it refuses with the sample's name.
  Status finish_decoding(GpuBatch* batch, BatchWork* work) {
    const Stopwatch watch(&reader_.times().decode_nanoseconds);
    std::vector<Status> statuses(work->positions.size());
    FASTPASS_RETURN_IF_ERROR(batch->finish_decoding(reader_.options().decoder, &statuses));
    for (std::size_t place = 0; place < statuses.size(); ++place) {
      if (statuses[place].ok()) continue;
      work->statuses[place] = statuses[place].at(reader_.source().describe(work->positions[place]));
    }
    return {};
  }

  const std::shared_ptr<Gpu> gpu_;
  SampleReader& reader_;
  const std::shared_ptr<GpuBatchPool> pool_;
};

}  // namespace

std::unique_ptr<BatchMaker> make_gpu_maker(std::shared_ptr<Gpu> gpu, SampleReader* reader) {
  return std::make_unique<GpuMaker>(std::move(gpu), reader);
}

}  // namespace fastpass
