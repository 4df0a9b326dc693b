#include "common/gpu/block_program_cuda.cuh"
#include "common/gpu/cuda_check.h"
#include "common/gpu/current_device.cuh"
#include "curate/gpu/gpu_search.h"

namespace fastpass {
namespace {

class CudaSearchKernels : public SearchKernels {
 public:
  explicit CudaSearchKernels(int ordinal) : ordinal_(ordinal) {}

  Status run(int num_blocks, const CompareCodes& program, Stream stream) override {
    const CurrentDevice current(ordinal_);
    FASTPASS_RETURN_IF_ERROR(check_cuda(current.error(), "choosing the GPU"));
    return check_cuda(run_on_gpu(num_blocks, program, static_cast<cudaStream_t>(stream)),
                      "comparing codes");
  }

 private:
  const int ordinal_;
};

}  // namespace

std::unique_ptr<SearchKernels> make_cuda_search_kernels(int ordinal) {
  return std::make_unique<CudaSearchKernels>(ordinal);
}

}  // namespace fastpass
