#include "feed/cpu_maker.h"

#include <cstring>

#include "feed/host_slot.h"

namespace fastpass {
namespace {

class CpuRowMaker : public RowMaker {
 public:
  explicit CpuRowMaker(RowReader* reader)
      : reader_(*reader), decoder_(make_decoder(reader->options().decoder)) {}

  Status make(BatchWork* batch, std::size_t row) override {
    const EngineOptions& options = reader_.options();
    StageTimes& times = reader_.times();
    FASTPASS_RETURN_IF_ERROR(
        reader_.read(batch->positions[row], batch->epoch, decoder_.get(), &pixels_, &request_));
    if (request_.is_planned) {
      const Stopwatch watch(&times.decode_nanoseconds);
      FASTPASS_RETURN_IF_ERROR(decoder_->decode(request_.sample.bytes, request_.options, &pixels_));
    }
    const Stopwatch watch(&times.augment_nanoseconds);
    const SourceRegion region = request_.region(pixels_.view());
    const ViewFormat format = options.view_format();
    for (std::size_t view = 0; view < options.views.size(); ++view) {
      std::uint8_t* out =
          batch->slot->views[view] + row * view_bytes(options.views[view].size, options.dtype);
      FASTPASS_RETURN_IF_ERROR(
          renderer_.render(region, options.views[view], request_.views[view], format, out));
    }
    times.num_images.fetch_add(1, std::memory_order_relaxed);
    return {};
  }

 private:
  RowReader& reader_;
  const std::unique_ptr<Decoder> decoder_;
  ViewRenderer renderer_;
  RowRequest request_;
  PixelBuffer pixels_;
};

class CpuMaker : public BatchMaker {
 public:
  explicit CpuMaker(RowReader* reader) : reader_(reader) {}

  std::unique_ptr<RowMaker> make_row_maker() override {
    return std::make_unique<CpuRowMaker>(reader_);
  }
  SlotFactory slot_factory() const override { return make_host_slot; }

  // Moves the good rows together.
  Status finish(BatchWork* batch) override {
    const EngineOptions& options = reader_->options();
    const std::vector<std::size_t> kept =
        settle_rows(reader_->source(), options.skip_damaged, batch);
    for (std::size_t view = 0; view < options.views.size(); ++view) {
      const std::size_t bytes = view_bytes(options.views[view].size, options.dtype);
      std::uint8_t* memory = batch->slot->views[view];
      for (std::size_t i = 0; i < kept.size(); ++i) {
        if (kept[i] != i) std::memcpy(memory + i * bytes, memory + kept[i] * bytes, bytes);
      }
    }
    return {};
  }

 private:
  RowReader* const reader_;
};

}  // namespace

std::unique_ptr<BatchMaker> make_cpu_maker(RowReader* reader) {
  return std::make_unique<CpuMaker>(reader);
}

}  // namespace fastpass
