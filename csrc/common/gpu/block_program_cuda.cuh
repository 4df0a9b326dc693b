// Launches block programs (block_program.h) on a CUDA GPU.
#pragma once

#include <cuda_runtime.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "common/gpu/block_program.h"

namespace fastpass {

// Half of a multiprocessor's threads at least: room for 64 registers each, which spares all
// programs memory of their own.
template <typename Program>
__global__ void __launch_bounds__(Program::kLanes, 1024 / Program::kLanes)
    block_kernel(const __grid_constant__ Program program) {
  extern __shared__ __align__(16) std::uint8_t shared[];
  const int block = static_cast<int>(blockIdx.x);
  const int lane = static_cast<int>(threadIdx.x);
  for (int step = 0;; ++step) {
    const bool has_step = program.has_step(block, step, shared);
    __syncthreads();
    if (!has_step) return;
    program.run(block, step, lane, shared);
    __syncthreads();
  }
}

// Lets all blocks of this program have as much shared memory as the GPU has to give. Once per GPU,
// and always the same amount: a limit per launch would be another thread's limit as well.
template <typename Program>
cudaError_t allow_shared_memory() {
  static std::atomic<std::uint64_t> done{0};  // a bit per GPU; above 63, it is asked for again
  int ordinal = 0;
  cudaError_t error = cudaGetDevice(&ordinal);
  if (error != cudaSuccess) return error;
  const std::uint64_t bit = ordinal < 64 ? std::uint64_t{1} << ordinal : 0;
  if ((done.load(std::memory_order_acquire) & bit) != 0) return cudaSuccess;
  int most = 0;
  error = cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, ordinal);
  if (error != cudaSuccess) return error;
  error = cudaFuncSetAttribute(block_kernel<Program>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               most);
  if (error == cudaSuccess) done.fetch_or(bit, std::memory_order_release);
  return error;
}

// All blocks, on `stream`, which is the current GPU's; returns without waiting.
template <typename Program>
cudaError_t run_on_gpu(int num_blocks, const Program& program, cudaStream_t stream) {
  if (num_blocks == 0) return cudaSuccess;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned int>(num_blocks));
  config.blockDim = dim3(Program::kLanes);
  config.dynamicSmemBytes = static_cast<std::size_t>(program.shared_bytes());
  config.stream = stream;
  constexpr std::size_t kWithoutAsking = 48 * 1024;
  if (config.dynamicSmemBytes > kWithoutAsking) {
    const cudaError_t error = allow_shared_memory<Program>();
    if (error != cudaSuccess) return error;
  }
  // Returns this launch's error, where <<<>>> leaves only the thread's last one.
  return cudaLaunchKernelEx(&config, block_kernel<Program>, program);
}

}  // namespace fastpass
