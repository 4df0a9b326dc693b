// Launches element-wise work on a CUDA GPU: one functor call per index.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "common/gpu/launch.h"

namespace fastpass {

template <typename Functor>
__global__ void __launch_bounds__(kMapBlockThreads)
    map_kernel(std::int64_t count, Functor functor) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t index = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; index < count;
       index += step) {
    functor(index);
  }
}

// functor(index) for every index in [0, count), on `stream`; returns without waiting.
template <typename Functor>
cudaError_t map_on_gpu(std::int64_t count, const Functor& functor, cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned int>(map_num_blocks(count)));
  config.blockDim = dim3(kMapBlockThreads);
  config.stream = stream;
  return cudaLaunchKernelEx(&config, map_kernel<Functor>, count, functor);
}

}  // namespace fastpass
