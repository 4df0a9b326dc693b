#include "common/gpu/block_program_cuda.cuh"
#include "common/gpu/cuda_check.h"
#include "common/gpu/current_device.cuh"
#include "common/gpu/map_cuda.cuh"
#include "decode/gpu/gpu_passes.h"

namespace fastpass {
namespace {

class CudaDecodeKernels : public DecodeKernels {
 public:
  explicit CudaDecodeKernels(int ordinal) : ordinal_(ordinal) {}

  Status run(const DecodePasses& passes, Stream stream) override {
    const CurrentDevice current(ordinal_);
    FASTPASS_RETURN_IF_ERROR(check_cuda(current.error(), "choosing the GPU"));
    const auto on = static_cast<cudaStream_t>(stream);
    const auto map = [on](std::int64_t num_lanes, const auto& functor, const char* doing) {
      return check_cuda(map_on_gpu(num_lanes, functor, on), doing);
    };
    const auto run = [on](int num_blocks, const auto& program, const char* doing) {
      return check_cuda(run_on_gpu(num_blocks, program, on), doing);
    };
    return for_each_pass(passes, map, run);
  }

 private:
  const int ordinal_;
};

}  // namespace

std::unique_ptr<DecodeKernels> make_cuda_decode_kernels(int ordinal) {
  return std::make_unique<CudaDecodeKernels>(ordinal);
}

}  // namespace fastpass
