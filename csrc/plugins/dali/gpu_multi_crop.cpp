// fn.fastpass.multi_crop(device="mixed"): the same views, decoded and rendered on a GPU. Encoded
// images come on the CPU, views go out on DALI's stream.
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "dali/pipeline/util/thread_pool.h"
#include "sample_workers.h"
#include "view_arguments.h"

namespace fastpass_dali {
namespace {

#if __has_include("dali/pipeline/util/thread_pool_interface.h")
using OwnThreadPool = dali::OldThreadPool;
#else
using OwnThreadPool = dali::ThreadPool;  // of DALI 2.0
#endif

struct FreeBatch {
  void operator()(fastpass_gpu_batch* batch) const { core().gpu_batch_free(batch); }
};
using GpuBatch = std::unique_ptr<fastpass_gpu_batch, FreeBatch>;

GpuBatch make_batch(const std::string& request, int ordinal) {
  fastpass_report report;
  GpuBatch batch(core().gpu_batch_new(request.c_str(), ordinal, &report));
  if (batch == nullptr) raise_if_fault(report, "");
  return batch;
}

}  // namespace

// Backend MixedBackend: on the GPU of the pipeline. CPUBackend: the same on the CPU in the place of
// a GPU, for tests.
template <typename Backend>
class GpuMultiCrop : public dali::StatelessOperator<Backend> {
 public:
  explicit GpuMultiCrop(const dali::OpSpec& spec)
      : dali::StatelessOperator<Backend>(spec),
        arguments_(spec),
        workers_(arguments_.request),
        num_views_(core().num_views(workers_.first())) {
    const int ordinal = kIsGpu ? spec.GetArgument<int>("device_id") : 0;
    for (GpuBatch& batch : batches_) batch = make_batch(arguments_.request, ordinal);
    told_.set_pinned(false);  // it is written again before a copy of pinned memory may have ended
    // As DALI's decoders have one, which run on the CPU and the GPU as well.
    if (kIsGpu) pool_.emplace(this->num_threads_, ordinal, false, "fastpass.multi_crop");
  }

  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const int num_samples = encoded.num_samples();
    if (num_samples > 0) check_encoded(encoded, "the first input");
    for (int view = 0; view < num_views_; ++view) {
      outputs.push_back(arguments_.view(num_samples, core().view_size(workers_.first(), view)));
    }
    if (arguments_.has_reports) outputs.push_back(arguments_.reports(num_samples));
    return true;
  }

  void RunImpl(dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const int num_samples = encoded.num_samples();
    const Input* seek_indexes = seek_indexes_of(ws, num_samples);
    const std::vector<fastpass_key> keys = keys_of(this->spec_, ws, num_samples);
    std::vector<std::uint8_t*> outputs;
    for (int view = 0; view < num_views_; ++view) {
      auto& output = ws.Output<OutBackend>(view);
      output.SetLayout(arguments_.layout());
      if (num_samples > 0) {
        outputs.push_back(static_cast<std::uint8_t*>(output.raw_mutable_tensor(0)));
      }
    }
    if (num_samples == 0) return;
    fastpass_gpu_batch* batch = next_batch();
    fastpass_report failure;
    if (core().gpu_begin(batch, num_samples, &failure) != 0) raise_if_fault(failure, "");
    auto& reports = workers_.run(pool_ ? *pool_ : ws.GetThreadPool(), encoded,
                                 [&](fastpass_worker* worker, int sample, fastpass_report* report) {
                                   const fastpass_image image =
                                       image_of(encoded, seek_indexes, sample);
                                   core().gpu_plan(batch, worker, sample, &image,
                                                   &keys[static_cast<std::size_t>(sample)], report);
                                 });
    void* stream = kIsGpu ? ws.stream() : nullptr;
    if (core().gpu_render(batch, outputs.data(), stream, reports.data(), &failure) != 0) {
      raise_if_fault(failure, "");
    }
    if (!arguments_.has_reports) return raise_first_fault(reports, encoded, keys);
    tell(reports, ws);
  }

 private:
  static constexpr bool kIsGpu = std::is_same_v<Backend, dali::MixedBackend>;
  using OutBackend = std::conditional_t<kIsGpu, dali::GPUBackend, dali::CPUBackend>;

  // Decoding of one batch overlaps with rendering of the other.
  fastpass_gpu_batch* next_batch() {
    turn_ = 1 - turn_;
    return batches_[turn_].get();
  }

  void tell(const std::vector<fastpass_report>& reports, dali::Workspace& ws) {
    const int num_samples = static_cast<int>(reports.size());
    const dali::OutputDesc description = arguments_.reports(num_samples);
    told_.Resize(description.shape, description.type);
    for (int sample = 0; sample < num_samples; ++sample) {
      std::memcpy(told_.raw_mutable_tensor(sample), &reports[static_cast<std::size_t>(sample)],
                  sizeof(fastpass_report));
    }
    const auto order = kIsGpu ? dali::AccessOrder(ws.stream()) : dali::AccessOrder::host();
    ws.Output<OutBackend>(num_views_).Copy(told_, order);
  }

  const ViewArguments arguments_;
  SampleWorkers workers_;
  const int num_views_;
  std::optional<OwnThreadPool> pool_;
  std::array<GpuBatch, 2> batches_;
  std::size_t turn_ = 0;
  dali::TensorList<dali::CPUBackend> told_;
};

}  // namespace fastpass_dali

namespace dali {

DALI_REGISTER_OPERATOR(fastpass__MultiCrop, ::fastpass_dali::GpuMultiCrop<MixedBackend>, Mixed);

DALI_SCHEMA(fastpass__TwinMultiCrop)
    .DocStr("For tests: MultiCrop of a GPU, on the CPU in its place (fastpass.testing.gpu_twin).")
    .NumInput(1, 3)
    .OutputFn([](const OpSpec& spec) { return fastpass_dali::count_outputs(spec); })
    .MakeDocHidden()
    .AddParent("fastpass__MultiCrop");

DALI_REGISTER_OPERATOR(fastpass__TwinMultiCrop, ::fastpass_dali::GpuMultiCrop<CPUBackend>, CPU);

}  // namespace dali
