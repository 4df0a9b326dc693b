// A device with all that runs on it: a GPU (made by the module _cuda), or its twin on the CPU (made
// by _core, for tests and machines without a GPU).
#pragma once

#include <memory>
#include <string>

#include "augment/gpu/batch_renderer.h"
#include "common/gpu/device.h"
#include "decode/gpu/batch_decoder.h"

namespace fastpass {

struct Gpu {
  std::string name;
  bool is_host_memory = false;  // of the twin
  std::unique_ptr<Device> device;
  std::unique_ptr<DecodeKernels> decode;
  std::unique_ptr<RenderKernels> render;
};

}  // namespace fastpass
