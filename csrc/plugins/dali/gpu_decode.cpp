// fn.fastpass.decode(device="mixed"): the same pixels, decoded on a GPU.
#include <cstdint>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "decode_regions.h"
#include "gpu_batches.h"
#include "request_arguments.h"
#include "sample_workers.h"

namespace fastpass_dali {

template <typename Backend>
class GpuDecode : public dali::StatelessOperator<Backend> {
 public:
  explicit GpuDecode(const dali::OpSpec& spec)
      : dali::StatelessOperator<Backend>(spec),
        workers_(decode_request(spec)),
        batches_(spec, decode_request(spec)) {}

  // Reads the headers of all images.
  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const int num_samples = encoded.num_samples();
    if (num_samples > 0) check_encoded(encoded, "the first input");
    regions_ = regions_of(this->spec_, ws, num_samples);
    outputs.push_back({decoded_shapes(workers_.first(), encoded, regions_), DALI_UINT8});
    return true;
  }

  void RunImpl(dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const int num_samples = encoded.num_samples();
    const Input* seek_indexes = seek_indexes_of(ws, 1, num_samples);
    auto& output = ws.Output<typename GpuBatches<Backend>::OutBackend>(0);
    output.SetLayout("HWC");
    if (num_samples == 0) return;
    std::vector<std::uint8_t*> pixels;
    for (int sample = 0; sample < num_samples; ++sample) {
      pixels.push_back(static_cast<std::uint8_t*>(output.raw_mutable_tensor(sample)));
    }
    fastpass_gpu_batch* batch = batches_.begin(num_samples);
    auto& reports = workers_.run(
        batches_.pool(ws), encoded,
        [&](fastpass_worker* worker, int sample, fastpass_report* report) {
          const fastpass_image image = image_of(encoded, seek_indexes, sample);
          core().gpu_plan_decoding(batch, worker, sample, &image,
                                   &regions_[static_cast<std::size_t>(sample)], report);
        });
    fastpass_report failure;
    core().gpu_decode(batch, pixels.data(), batches_.stream(ws), reports.data(), &failure);
    raise_if_fault(failure, "");
    for (int sample = 0; sample < num_samples; ++sample) {
      raise_if_fault(reports[static_cast<std::size_t>(sample)], place_of(encoded, sample));
    }
  }

 private:
  SampleWorkers workers_;
  GpuBatches<Backend> batches_;
  std::vector<fastpass_region> regions_;  // [sample], from SetupImpl to RunImpl
};

}  // namespace fastpass_dali

namespace dali {

DALI_REGISTER_OPERATOR(fastpass__Decode, ::fastpass_dali::GpuDecode<MixedBackend>, Mixed);

DALI_SCHEMA(fastpass__TwinDecode)
    .DocStr("For tests: Decode of a GPU, on the CPU in its place (fastpass.testing.gpu_twin).")
    .NumInput(1, 2)
    .NumOutput(1)
    .MakeDocHidden()
    .AddParent("fastpass__Decode");

DALI_REGISTER_OPERATOR(fastpass__TwinDecode, ::fastpass_dali::GpuDecode<CPUBackend>, CPU);

}  // namespace dali
