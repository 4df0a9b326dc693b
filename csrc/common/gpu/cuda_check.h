// From a CUDA error to a Status: our sentence first, then CUDA's name and text.
#pragma once

#include <cuda_runtime.h>

#include <string>

#include "common/status.h"

namespace fastpass {

// Forgets a failed call, which would otherwise stay the thread's last error: whoever asks for that
// next, torch for one, would blame a call of its own.
inline void forget_error(cudaError_t error) {
  if (error != cudaSuccess) static_cast<void>(cudaGetLastError());
}

inline Status check_cuda(cudaError_t error, const std::string& doing) {
  if (error == cudaSuccess) return {};
  forget_error(error);
  const Fault fault =
      error == cudaErrorMemoryAllocation ? Fault::kOutOfMemory : Fault::kDeviceFailed;
  return {fault,
          doing + " failed: " + cudaGetErrorName(error) + " (" + cudaGetErrorString(error) + ")"};
}

}  // namespace fastpass
