// Selects a GPU for the calling thread while the object lives, then restores the one that was
// selected before, if that one is in use.
//
// Note [No context by accident]. A thread that has selected nothing has GPU 0. To select GPU 0
// again would open a context there, several hundred megabytes, in every process that uses another
// GPU. So a thread keeps the GPU of its last call where the one before was not in use; torch's own
// guards do the same.
#pragma once

#include <cuda_runtime.h>

#include "common/gpu/cuda_check.h"

namespace fastpass {

class CurrentDevice {
 public:
  explicit CurrentDevice(int ordinal) {
    error_ = cudaGetDevice(&before_);
    if (error_ == cudaSuccess && before_ != ordinal) {
      is_restored_ = has_context(before_);
      error_ = cudaSetDevice(ordinal);
      if (error_ != cudaSuccess) is_restored_ = false;
    }
  }
  ~CurrentDevice() {
    if (is_restored_) forget_error(cudaSetDevice(before_));
  }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

  cudaError_t error() const { return error_; }

 private:
  // The runtime cannot tell; the driver's cuDevicePrimaryCtxGetState() can.
  using ContextState = int (*)(int device, unsigned int* flags, int* is_active);

  static ContextState find_context_state() {
    constexpr unsigned int kSinceCuda7 = 7000;
    void* function = nullptr;
    cudaDriverEntryPointQueryResult result{};
    const cudaError_t error = cudaGetDriverEntryPointByVersion(
        "cuDevicePrimaryCtxGetState", &function, kSinceCuda7, cudaEnableDefault, &result);
    forget_error(error);
    const bool is_found = error == cudaSuccess && result == cudaDriverEntryPointSuccess;
    return is_found ? reinterpret_cast<ContextState>(function) : nullptr;
  }
  static bool has_context(int ordinal) {
    static const ContextState context_state = find_context_state();
    unsigned int flags = 0;
    int is_active = 0;
    if (context_state == nullptr || context_state(ordinal, &flags, &is_active) != 0) return false;
    return is_active != 0;
  }

  int before_ = 0;
  bool is_restored_ = false;
  cudaError_t error_ = cudaSuccess;
};

}  // namespace fastpass
