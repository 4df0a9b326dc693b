#include "augment/gpu/augment_cuda.h"
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
    FASTPASS_RETURN_IF_ERROR(
        check_cuda(run_on_gpu(passes.num_weigh_blocks, passes.weigh, on), "weighing taps"));
    FASTPASS_RETURN_IF_ERROR(
        check_cuda(run_on_gpu(passes.num_tile_blocks, passes.tiles, on), "resizing"));
    FASTPASS_RETURN_IF_ERROR(check_cuda(run_on_gpu(passes.num_contrast_blocks, passes.contrast, on),
                                        "changing contrast"));
    FASTPASS_RETURN_IF_ERROR(
        check_cuda(run_on_gpu(passes.num_row_blocks, passes.blur_rows, on), "blurring rows"));
    FASTPASS_RETURN_IF_ERROR(check_cuda(
        run_on_gpu(passes.num_column_blocks, passes.blur_columns, on), "blurring columns"));
    return check_cuda(run_on_gpu(passes.num_gaussian_blocks, passes.gaussian, on),
                      "blurring with a Gaussian");
  }

 private:
  const int ordinal_;
};

}  // namespace

std::unique_ptr<RenderKernels> make_cuda_render_kernels(int ordinal) {
  return std::make_unique<CudaRenderKernels>(ordinal);
}

}  // namespace fastpass
