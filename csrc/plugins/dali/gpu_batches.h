// What the operators on a GPU have in common. Encoded images come on the CPU, what was made of them
// goes out on DALI's stream: the device is "mixed", as of DALI's own decoders.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "dali/pipeline/util/thread_pool.h"
#include "sample_workers.h"

namespace fastpass_dali {

#if __has_include("dali/pipeline/util/thread_pool_interface.h")
using OwnThreadPool = dali::OldThreadPool;
#else
using OwnThreadPool = dali::ThreadPool;  // of DALI 2.0
#endif

// Backend MixedBackend: on the GPU of the pipeline. CPUBackend: the same on the CPU in the place of
// a GPU, for tests.
template <typename Backend>
class GpuBatches {
 public:
  static constexpr bool kIsGpu = std::is_same_v<Backend, dali::MixedBackend>;
  using OutBackend = std::conditional_t<kIsGpu, dali::GPUBackend, dali::CPUBackend>;

  // Throws where there is no such GPU.
  GpuBatches(const dali::OpSpec& spec, const std::string& request) {
    const int ordinal = kIsGpu ? spec.GetArgument<int>("device_id") : 0;
    for (Batch& batch : batches_) {
      fastpass_report report;
      batch.reset(core().gpu_batch_new(request.c_str(), ordinal, &report));
      if (batch == nullptr) raise_if_fault(report, "");
    }
    // As DALI's decoders have one, which run on the CPU and the GPU as well.
    const int num_threads = spec.GetArgument<int>("num_threads");
    if (kIsGpu) pool_.emplace(num_threads, ordinal, false, "fastpass");
  }

  // For the next batch; what a GPU does for two of them overlaps.
  fastpass_gpu_batch* begin(int num_samples) {
    turn_ = 1 - turn_;
    fastpass_gpu_batch* batch = batches_[turn_].get();
    fastpass_report report;
    core().gpu_begin(batch, num_samples, &report);
    raise_if_fault(report, "");
    return batch;
  }

  dali::ThreadPool& pool(const dali::Workspace& ws) { return pool_ ? *pool_ : ws.GetThreadPool(); }
  void* stream(const dali::Workspace& ws) const { return kIsGpu ? ws.stream() : nullptr; }

 private:
  struct Free {
    void operator()(fastpass_gpu_batch* batch) const { core().gpu_batch_free(batch); }
  };
  using Batch = std::unique_ptr<fastpass_gpu_batch, Free>;

  std::array<Batch, 2> batches_;
  std::size_t turn_ = 0;
  std::optional<OwnThreadPool> pool_;
};

}  // namespace fastpass_dali
