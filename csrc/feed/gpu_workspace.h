// What one batch in flight needs on a device besides its views: reused from batch to batch.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "decode/gpu/gpu_image_plan.h"
#include "feed/batch_maker.h"
#include "feed/gpu.h"
#include "feed/row_reader.h"

namespace fastpass {

struct GpuRow {
  RowRequest request;
  ImagePlan plan;
};

class GpuWorkspace {
 public:
  explicit GpuWorkspace(std::shared_ptr<Gpu> gpu)
      : gpu_(std::move(gpu)),
        decoder(gpu_->device.get(), gpu_->decode.get()),
        renderer(gpu_->device.get(), gpu_->render.get()) {}
  ~GpuWorkspace();
  GpuWorkspace(const GpuWorkspace&) = delete;
  GpuWorkspace& operator=(const GpuWorkspace&) = delete;

  Status open();
  // Until nothing of the last batch is on its way; as a rule, it has long arrived.
  Status synchronize();
  Device& device() const { return *gpu_->device; }

 private:
  const std::shared_ptr<Gpu> gpu_;

 public:
  BatchDecoder decoder;
  BatchRenderer renderer;
  Stream stream = nullptr;
  Event decoded = nullptr;
  Event rendered = nullptr;
  std::vector<std::unique_ptr<GpuRow>> rows;  // [row of the batch]
  std::vector<std::size_t> decoded_rows;      // [image of the decoder]: its row
};

// Keeps the workspaces that no batch has.
class WorkspacePool : public std::enable_shared_from_this<WorkspacePool> {
 public:
  explicit WorkspacePool(std::shared_ptr<Gpu> gpu) : gpu_(std::move(gpu)) {}
  Status acquire(std::size_t num_rows, std::shared_ptr<BatchContext>* context);

 private:
  const std::shared_ptr<Gpu> gpu_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<GpuWorkspace>> free_;
};

GpuWorkspace& workspace_of(const BatchWork& batch);

}  // namespace fastpass
