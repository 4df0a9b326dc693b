#include "feed/cpu_maker.h"

#include <cstring>

#include "decode/decoder_registry.h"
#include "feed/host_slot.h"
#include "feed/render_sample.h"

namespace fastpass {
namespace {

// One thread's decoder and renderer: makes the views of one sample after another.
class CpuSampleMaker : public SampleMaker {
 public:
  explicit CpuSampleMaker(SampleReader* reader)
      : reader_(*reader),
        decoder_(make_decoder(reader->options().decoder)),
        op_bytes_(op_output_bytes(reader->options().sample)) {}

  Status make(BatchWork* batch, std::size_t place) override {
    const FeedOptions& options = reader_.options();
    StageTimes& times = reader_.times();
    const WholeImageDecoder whole = {decoder_.get(), &reader_.foreign_decoder(), &pixels_};
    FASTPASS_RETURN_IF_ERROR(
        reader_.read(batch->positions[place], batch->epoch, whole, &encoded_, &plan_));
    {
      const Stopwatch watch(&times.decode_nanoseconds);
      FASTPASS_RETURN_IF_ERROR(decode_sample(plan_, decoder_.get(), &pixels_));
    }
    const Stopwatch watch(&times.augment_nanoseconds);
    const std::vector<ViewSpec>& specs = options.sample.views;
    outputs_.views.clear();
    for (std::size_t view = 0; view < specs.size(); ++view) {
      const std::size_t bytes = view_bytes(specs[view].size, options.format.dtype);
      outputs_.views.push_back(batch->slot->views[view] + place * bytes);
    }
    outputs_.ops.clear();
    for (std::size_t i = 0; i < op_bytes_.size(); ++i) {
      outputs_.ops.push_back(batch->slot->op_outputs[i] + place * op_bytes_[i]);
    }
    FASTPASS_RETURN_IF_ERROR(
        render_sample(plan_, pixels_.view(), options.sample, options.format, outputs_, &renderer_));
    times.num_images.fetch_add(1, std::memory_order_relaxed);
    return {};
  }

 private:
  SampleReader& reader_;
  const std::unique_ptr<Decoder> decoder_;
  const std::vector<std::size_t> op_bytes_;
  ViewRenderer renderer_;
  PixelBuffer pixels_;
  EncodedSample encoded_;
  SamplePlan plan_;
  SampleOutputs outputs_;
};

// Of samples of `bytes` each, those at the places `kept`.
void move_together(const std::vector<std::size_t>& kept, std::size_t bytes, std::uint8_t* memory) {
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] != i) std::memcpy(memory + i * bytes, memory + kept[i] * bytes, bytes);
  }
}

// Batches that are decoded and rendered on the CPU, sample by sample.
class CpuMaker : public BatchMaker {
 public:
  explicit CpuMaker(SampleReader* reader) : reader_(reader) {}

  std::unique_ptr<SampleMaker> make_sample_maker() override {
    return std::make_unique<CpuSampleMaker>(reader_);
  }
  SlotFactory slot_factory() const override { return make_host_slot; }

  // Moves the good samples together.
  Status finish(BatchWork* batch) override {
    const FeedOptions& options = reader_->options();
    const std::vector<std::size_t> kept =
        settle_samples(reader_->source(), options.skip_damaged, batch);
    for (std::size_t view = 0; view < options.sample.views.size(); ++view) {
      const std::size_t bytes = view_bytes(options.sample.views[view].size, options.format.dtype);
      move_together(kept, bytes, batch->slot->views[view]);
    }
    const std::vector<std::size_t> op_bytes = op_output_bytes(options.sample);
    for (std::size_t i = 0; i < op_bytes.size(); ++i) {
      move_together(kept, op_bytes[i], batch->slot->op_outputs[i]);
    }
    return {};
  }

 private:
  SampleReader* const reader_;
};

}  // namespace

std::unique_ptr<BatchMaker> make_cpu_maker(SampleReader* reader) {
  return std::make_unique<CpuMaker>(reader);
}

}  // namespace fastpass
