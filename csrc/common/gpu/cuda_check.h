// From a CUDA error to a Status: our sentence first, then CUDA's name and text.
#pragma once

#include <cuda_runtime.h>

#include <string>

#include "common/status.h"

namespace fastpass {

inline Status check_cuda(cudaError_t error, const std::string& doing) {
  if (error == cudaSuccess) return {};
  const Fault fault =
      error == cudaErrorMemoryAllocation ? Fault::kOutOfMemory : Fault::kDeviceFailed;
  return {fault,
          doing + " failed: " + cudaGetErrorName(error) + " (" + cudaGetErrorString(error) + ")"};
}

}  // namespace fastpass
