// Selects a GPU for the calling thread while the object lives, then restores the one that was
// selected before.
#pragma once

#include <cuda_runtime.h>

namespace fastpass {

class CurrentDevice {
 public:
  explicit CurrentDevice(int ordinal) {
    error_ = cudaGetDevice(&before_);
    if (error_ == cudaSuccess && before_ != ordinal) {
      error_ = cudaSetDevice(ordinal);
      is_changed_ = error_ == cudaSuccess;
    }
  }
  ~CurrentDevice() {
    if (is_changed_) static_cast<void>(cudaSetDevice(before_));
  }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

  cudaError_t error() const { return error_; }

 private:
  int before_ = 0;
  bool is_changed_ = false;
  cudaError_t error_ = cudaSuccess;
};

}  // namespace fastpass
