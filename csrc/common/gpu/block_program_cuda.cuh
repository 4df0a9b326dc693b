// Launches block programs (block_program.h) on a CUDA GPU.
#pragma once

#include <cuda_runtime.h>

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

// All blocks, on `stream`; returns without waiting.
template <typename Program>
cudaError_t run_on_gpu(int num_blocks, const Program& program, cudaStream_t stream) {
  if (num_blocks == 0) return cudaSuccess;
  const auto shared_bytes = static_cast<std::size_t>(program.shared_bytes());
  constexpr std::size_t kWithoutAsking = 48 * 1024;
  if (shared_bytes > kWithoutAsking) {
    const cudaError_t error =
        cudaFuncSetAttribute(block_kernel<Program>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(shared_bytes));
    if (error != cudaSuccess) return error;
  }
  block_kernel<Program>
      <<<static_cast<unsigned>(num_blocks), Program::kLanes, shared_bytes, stream>>>(program);
  return cudaGetLastError();
}

}  // namespace fastpass
