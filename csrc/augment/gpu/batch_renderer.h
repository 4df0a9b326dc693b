// The views of a batch, rendered on a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "augment/gpu/gpu_passes.h"
#include "augment/params.h"
#include "augment/source_region.h"
#include "augment/view_format.h"
#include "common/gpu/device.h"
#include "common/gpu/growing_memory.h"
#include "common/status.h"

namespace fastpass {

// One view to be rendered: from which pixels, how, and where to.
struct ViewTask {
  SourceRegion source;   // RGB pixels in GPU memory
  const ViewSpec* spec;  // borrowed until queue() returns
  ViewParams params;
  void* out;  // GPU memory: 3 * size * size values
};

// One per batch in flight. Its memory grows to the largest batch seen and stays.
class BatchRenderer {
 public:
  BatchRenderer(Device* device, RenderKernels* kernels);
  BatchRenderer(const BatchRenderer&) = delete;
  BatchRenderer& operator=(const BatchRenderer&) = delete;

  // Checks every task as ViewRenderer does, then queues all of them on `stream`; does not wait.
  // Bytes are those of ViewRenderer::render. What the queue() before this one has queued must have
  // happened.
  Status queue(const std::vector<ViewTask>& tasks, const ViewFormat& format, Stream stream);

  // Of the GPU and of pinned memory, for tests that memory stays flat.
  std::size_t bytes_held() const;

 private:
  void plan_views(const std::vector<ViewTask>& tasks, const ViewFormat& format);
  void plan_tiles(GpuView* view) const;
  void plan_passes();
  Status place_memory();
  Status fill_upload();

  // Tasks of one pass: which view each belongs to, and its first block.
  struct TaskList {
    std::vector<std::int32_t> view_of;
    std::vector<std::int32_t> first_block;
    int num_blocks = 0;

    void clear();
    void add(std::size_t view, int blocks);
    int size() const { return static_cast<int>(first_block.size()); }
  };

  Device* const device_;
  RenderKernels* const kernels_;
  std::vector<GpuView> views_;
  TaskList weigh_, tiles_, contrast_, rows_, columns_, gaussian_;
  std::int64_t num_tile_bytes_ = 0;
  std::int64_t num_row_bytes_ = 0;
  std::int64_t num_column_bytes_ = 0;
  std::int64_t num_gaussian_bytes_ = 0;
  RenderPasses passes_;
  GrowingMemory upload_pinned_;
  GrowingMemory upload_;
  GrowingMemory taps_;
  GrowingMemory scratch_;
  GrowingMemory luma_sums_;
};

}  // namespace fastpass
