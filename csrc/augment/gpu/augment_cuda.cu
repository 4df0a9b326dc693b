#include "augment/gpu/gpu_passes.h"
#include "common/gpu/block_program_cuda.cuh"
#include "common/gpu/cuda_check.h"
#include "common/gpu/current_device.cuh"

namespace fastpass {
namespace {

class CudaRenderKernels : public RenderKernels {
 public:
  explicit CudaRenderKernels(int ordinal) : ordinal_(ordinal) {}

  Status run(const RenderPasses& passes, Stream stream) override {
    const CurrentDevice current(ordinal_);
    FASTPASS_RETURN_IF_ERROR(check_cuda(current.error(), "choosing the GPU"));
    const auto on = static_cast<cudaStream_t>(stream);
    return for_each_pass(passes, [on](int num_blocks, const auto& program, const char* doing) {
      return check_cuda(run_on_gpu(num_blocks, program, on), doing);
    });
  }

 private:
  const int ordinal_;
};

}  // namespace

std::unique_ptr<RenderKernels> make_cuda_render_kernels(int ordinal) {
  return std::make_unique<CudaRenderKernels>(ordinal);
}

}  // namespace fastpass
