#include "feed/gpu_maker.h"

#include <utility>

#include "decode/decoder_pool.h"
#include "feed/gpu_slot.h"
#include "feed/gpu_workspace.h"

namespace fastpass {
namespace {

class GpuRowMaker : public RowMaker {
 public:
  explicit GpuRowMaker(RowReader* reader)
      : reader_(*reader), decoder_(make_decoder(reader->options().decoder)) {}

  Status make(BatchWork* batch, std::size_t index) override {
    GpuRow& row = *workspace_of(*batch).rows[index];
    FASTPASS_RETURN_IF_ERROR(reader_.read(batch->positions[index], batch->epoch, decoder_.get(),
                                          &row.plan.pixels, &row.request));
    if (!row.request.is_planned) {
      const ImageView& pixels = row.plan.pixels.view();
      row.plan.coding = PlannedCoding::kPixels;
      row.plan.crop = {0, 0, pixels.height, pixels.width};
      return {};
    }
    const Stopwatch watch(&reader_.times().decode_nanoseconds);
    return planner_.plan(row.request.sample.bytes, row.request.options, &row.plan);
  }

 private:
  RowReader& reader_;
  const std::unique_ptr<Decoder> decoder_;
  ImagePlanner planner_;
};

class GpuMaker : public BatchMaker {
 public:
  GpuMaker(std::shared_ptr<Gpu> gpu, RowReader* reader)
      : gpu_(std::move(gpu)), reader_(*reader), pool_(std::make_shared<WorkspacePool>(gpu_)) {}

  std::unique_ptr<RowMaker> make_row_maker() override {
    return std::make_unique<GpuRowMaker>(&reader_);
  }
  SlotFactory slot_factory() const override { return device_slot_factory(gpu_); }

  Status begin(BatchWork* batch) override {
    return pool_->acquire(batch->positions.size(), &batch->context);
  }

  Status launch(BatchWork* batch) override {
    const Stopwatch watch(&reader_.times().decode_nanoseconds);
    GpuWorkspace& work = workspace_of(*batch);
    FASTPASS_RETURN_IF_ERROR(work.synchronize());
    work.decoded_rows.clear();
    std::vector<const ImagePlan*> plans;
    for (std::size_t row = 0; row < batch->positions.size(); ++row) {
      if (!batch->row_statuses[row].ok()) continue;
      work.decoded_rows.push_back(row);
      plans.push_back(&work.rows[row]->plan);
    }
    const std::vector<std::uint8_t*> outputs(plans.size(), nullptr);
    FASTPASS_RETURN_IF_ERROR(work.decoder.queue(plans, outputs, work.stream));
    return work.device().record(work.decoded, work.stream);
  }

  bool is_launch_done(const BatchWork& batch) override {
    const GpuWorkspace& work = workspace_of(batch);
    bool has_happened = false;
    // What failed, finish() tells.
    return !work.device().query(work.decoded, &has_happened).ok() || has_happened;
  }

  Status finish(BatchWork* batch) override {
    GpuWorkspace& work = workspace_of(*batch);
    FASTPASS_RETURN_IF_ERROR(work.device().synchronize(work.decoded));
    FASTPASS_RETURN_IF_ERROR(decode_given_up(batch));
    const Stopwatch watch(&reader_.times().augment_nanoseconds);
    const std::vector<std::size_t> kept =
        settle_rows(reader_.source(), reader_.options().skip_damaged, batch);
    auto& slot = static_cast<GpuSlot&>(*batch->slot);
    FASTPASS_RETURN_IF_ERROR(slot.begin_writing(work.stream));
    FASTPASS_RETURN_IF_ERROR(render(*batch, kept));
    FASTPASS_RETURN_IF_ERROR(work.device().record(work.rendered, work.stream));
    reader_.times().num_images.fetch_add(slot.num_samples, std::memory_order_relaxed);
    return slot.end_writing(work.stream);
  }

 private:
  Status decode_given_up(BatchWork* batch) {
    const Stopwatch watch(&reader_.times().decode_nanoseconds);
    GpuWorkspace& work = workspace_of(*batch);
    PixelBuffer pixels;
    for (std::size_t image = 0; image < work.decoded_rows.size(); ++image) {
      const auto index = static_cast<int>(image);
      if (!work.decoder.is_given_up(index)) continue;
      const std::size_t row = work.decoded_rows[image];
      const RowRequest& request = work.rows[row]->request;
      const DecoderLease decoder(reader_.options().decoder);
      const Status status = decoder.get()->decode(request.sample.bytes, request.options, &pixels);
      if (status.ok()) {
        FASTPASS_RETURN_IF_ERROR(work.decoder.replace(index, pixels.view(), work.stream));
      } else {
        batch->row_statuses[row] = status.at(reader_.source().describe(batch->positions[row]));
      }
    }
    return {};
  }

  Status render(const BatchWork& batch, const std::vector<std::size_t>& kept) {
    const EngineOptions& options = reader_.options();
    GpuWorkspace& work = workspace_of(batch);
    std::vector<ViewTask> tasks;
    std::size_t out_row = 0;
    for (std::size_t image = 0; image < work.decoded_rows.size() && out_row < kept.size();
         ++image) {
      const std::size_t row = work.decoded_rows[image];
      if (row != kept[out_row]) continue;
      const RowRequest& request = work.rows[row]->request;
      const SourceRegion region = request.region(work.decoder.pixels(static_cast<int>(image)));
      for (std::size_t view = 0; view < options.views.size(); ++view) {
        const ViewSpec& spec = options.views[view];
        std::uint8_t* out =
            batch.slot->views[view] + out_row * view_bytes(spec.size, options.dtype);
        tasks.push_back({region, &spec, request.views[view], out});
      }
      ++out_row;
    }
    return work.renderer.queue(tasks, options.view_format(), work.stream);
  }

  const std::shared_ptr<Gpu> gpu_;
  RowReader& reader_;
  const std::shared_ptr<WorkspacePool> pool_;
};

}  // namespace

std::unique_ptr<BatchMaker> make_device_maker(std::shared_ptr<Gpu> gpu, RowReader* reader) {
  return std::make_unique<GpuMaker>(std::move(gpu), reader);
}

}  // namespace fastpass
