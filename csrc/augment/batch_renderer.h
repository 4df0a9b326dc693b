// The views of a batch, rendered in the memory of a device.
#pragma once

#include <vector>

#include "augment/params.h"
#include "augment/render.h"
#include "augment/source_region.h"
#include "common/device.h"
#include "common/status.h"

namespace fastpass {

struct RenderPasses;

// Launches the passes of a planned batch of views: on a GPU (augment_cuda.cu), or on the CPU in its
// place (augment_twin.cpp), lane by lane in a shuffled order.
class RenderKernels {
 public:
  virtual ~RenderKernels() = default;
  virtual Status run(const RenderPasses& passes, Stream stream) = 0;
};

struct ViewTask {
  SourceRegion source;   // RGB pixels in device memory
  const ViewSpec* spec;  // borrowed until queue() returns
  ViewParams params;
  void* out;  // device memory: 3 * size * size values
};

// One per batch in flight. Its memory grows to the largest batch seen and stays.
class BatchRenderer {
 public:
  BatchRenderer(Device* device, RenderKernels* kernels);
  ~BatchRenderer();
  BatchRenderer(const BatchRenderer&) = delete;
  BatchRenderer& operator=(const BatchRenderer&) = delete;

  // Checks every task as ViewRenderer does, then queues all of them on `stream`; does not wait.
  // Bytes are those of ViewRenderer::render.
  Status queue(const std::vector<ViewTask>& tasks, const ViewFormat& format, Stream stream);
};

}  // namespace fastpass
