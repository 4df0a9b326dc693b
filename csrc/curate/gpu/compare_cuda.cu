#include "common/gpu/block_program_cuda.cuh"
#include "common/gpu/cuda_check.h"
#include "common/gpu/current_device.cuh"
#include "curate/gpu/compare_cuda.h"

namespace fastpass {
namespace {

class CudaCompareKernels : public CompareKernels {
 public:
  explicit CudaCompareKernels(int ordinal) : ordinal_(ordinal) {}

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

std::unique_ptr<CompareKernels> make_cuda_compare_kernels(int ordinal) {
  return std::make_unique<CudaCompareKernels>(ordinal);
}

}  // namespace fastpass
