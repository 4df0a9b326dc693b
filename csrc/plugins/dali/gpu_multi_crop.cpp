// fn.fastpass.multi_crop(device="mixed"): the same views, decoded and rendered on a GPU.
#include <cstdint>
#include <cstring>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "gpu_batches.h"
#include "sample_workers.h"
#include "view_arguments.h"

namespace fastpass_dali {

template <typename Backend>
class GpuMultiCrop : public dali::StatelessOperator<Backend> {
 public:
  explicit GpuMultiCrop(const dali::OpSpec& spec)
      : dali::StatelessOperator<Backend>(spec),
        arguments_(spec),
        workers_(arguments_.request),
        batches_(spec, arguments_.request),
        num_views_(core().num_views(workers_.first())) {
    told_.set_pinned(false);  // it is written again before a copy of pinned memory may have ended
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
    const Input* seek_indexes = seek_indexes_of(ws, 2, num_samples);
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
    fastpass_gpu_batch* batch = batches_.begin(num_samples);
    auto& reports = workers_.run(batches_.pool(ws), encoded,
                                 [&](fastpass_worker* worker, int sample, fastpass_report* report) {
                                   const fastpass_image image =
                                       image_of(encoded, seek_indexes, sample);
                                   core().gpu_plan(batch, worker, sample, &image,
                                                   &keys[static_cast<std::size_t>(sample)], report);
                                 });
    fastpass_report failure;
    core().gpu_render(batch, outputs.data(), batches_.stream(ws), reports.data(), &failure);
    raise_if_fault(failure, "");
    if (!arguments_.has_reports) return raise_first_fault(reports, encoded, keys);
    tell(reports, ws);
  }

 private:
  using OutBackend = typename GpuBatches<Backend>::OutBackend;

  void tell(const std::vector<fastpass_report>& reports, dali::Workspace& ws) {
    const int num_samples = static_cast<int>(reports.size());
    const dali::OutputDesc description = arguments_.reports(num_samples);
    told_.Resize(description.shape, description.type);
    for (int sample = 0; sample < num_samples; ++sample) {
      std::memcpy(told_.raw_mutable_tensor(sample), &reports[static_cast<std::size_t>(sample)],
                  sizeof(fastpass_report));
    }
    auto& output = ws.Output<OutBackend>(num_views_);
    if constexpr (GpuBatches<Backend>::kIsGpu) {
      output.Copy(told_, dali::AccessOrder(ws.stream()));
    } else {
      output.Copy(told_, dali::AccessOrder::host());
    }
  }

  const ViewArguments arguments_;
  SampleWorkers workers_;
  GpuBatches<Backend> batches_;
  const int num_views_;
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
