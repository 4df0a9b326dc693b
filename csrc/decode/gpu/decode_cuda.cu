#include "common/gpu/block_program_cuda.cuh"
#include "common/gpu/cuda_check.h"
#include "common/gpu/current_device.cuh"
#include "common/gpu/map_cuda.cuh"
#include "decode/gpu/decode_cuda.h"

namespace fastpass {
namespace {

class CudaDecodeKernels : public DecodeKernels {
 public:
  explicit CudaDecodeKernels(int ordinal) : ordinal_(ordinal) {}

  Status run(const DecodePasses& passes, Stream stream) override {
    const CurrentDevice current(ordinal_);
    FASTPASS_RETURN_IF_ERROR(check_cuda(current.error(), "choosing the GPU"));
    const auto on = static_cast<cudaStream_t>(stream);
    FASTPASS_RETURN_IF_ERROR(
        check_cuda(map_on_gpu(passes.num_spans, passes.spans, on), "decoding indexed files"));
    FASTPASS_RETURN_IF_ERROR(
        check_cuda(run_on_gpu(passes.num_scans, passes.scans, on), "decoding whole scans"));
    FASTPASS_RETURN_IF_ERROR(
        check_cuda(run_on_gpu(passes.num_transform_blocks, passes.transform, on),
                   "transforming coefficients"));
    return check_cuda(run_on_gpu(passes.num_color_blocks, passes.color, on), "converting colors");
  }

 private:
  const int ordinal_;
};

}  // namespace

std::unique_ptr<DecodeKernels> make_cuda_decode_kernels(int ordinal) {
  return std::make_unique<CudaDecodeKernels>(ordinal);
}

}  // namespace fastpass
