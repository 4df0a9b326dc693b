// Normalization on the GPU, for views that crossed the bus as uint8.
#pragma once

#include <cstdint>

#include "augment/render.h"
#include "common/status.h"

namespace fastpass {

struct NormalizeCall {
  const std::uint8_t* pixels = nullptr;  // device, planar [num_views, 3, pixels_per_plane]
  void* out = nullptr;                   // device, the same shape, of `dtype`
  Dtype dtype = Dtype::kFloat32;
  std::int64_t num_views = 0;
  std::int64_t pixels_per_plane = 0;
  float mean[3] = {0.0f, 0.0f, 0.0f};
  float std[3] = {1.0f, 1.0f, 1.0f};
};

// Queued on `stream` (a cudaStream_t); returns without waiting.
Status normalize_on_gpu(const NormalizeCall& call, void* stream);

}  // namespace fastpass
