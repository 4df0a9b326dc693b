// A GPU with all that decodes and renders on it (made by the module _cuda), or its twin on the CPU
// (made by _core, for tests).
#pragma once

#include <memory>
#include <string>

#include "augment/gpu/batch_renderer.h"
#include "common/gpu/device.h"
#include "decode/gpu/batch_decoder.h"

namespace fastpass {

// The kernels run on the device; both are shared by all who use the GPU.
struct Gpu {
  std::string name;
  bool is_host_memory = false;  // of the twin
  std::unique_ptr<Device> device;
  std::unique_ptr<DecodeKernels> decode;
  std::unique_ptr<RenderKernels> render;
};

}  // namespace fastpass
