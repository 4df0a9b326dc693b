// A GPU over LazyDevice, and a stream of whoever reads what it makes.
#pragma once

#include <memory>
#include <utility>

#include "augment/gpu/gpu_passes.h"
#include "decode/gpu/gpu_passes.h"
#include "feed/gpu.h"
#include "support/check.h"
#include "support/lazy_device.h"

namespace fastpass_test {

struct LazyGpu {
  LazyGpu() {
    auto lazy = std::make_unique<LazyDevice>();
    device = lazy.get();
    gpu->name = "lazy";
    gpu->decode =
        std::make_unique<LazyDecodeKernels>(device, fastpass::make_twin_decode_kernels(1));
    gpu->render =
        std::make_unique<LazyRenderKernels>(device, fastpass::make_twin_render_kernels(1));
    gpu->device = std::move(lazy);
    CHECK(device->make_stream(&consumer).ok());
    CHECK(device->make_event(&seen).ok());
  }
  ~LazyGpu() { device->free_event(seen); }

  std::shared_ptr<fastpass::Gpu> gpu = std::make_shared<fastpass::Gpu>();
  LazyDevice* device = nullptr;
  fastpass::Stream consumer = nullptr;
  fastpass::Event seen = nullptr;
};

}  // namespace fastpass_test
