// What one batch in flight needs on a device besides its views: reused from batch to batch.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "decode/image_plan.h"
#include "feed/batch_maker.h"
#include "feed/gpu.h"
#include "feed/row_reader.h"

namespace fastpass {

struct DeviceRow {
  RowRequest request;
  ImagePlan plan;
};

class DeviceWorkspace {
 public:
  explicit DeviceWorkspace(std::shared_ptr<Gpu> gpu)
      : gpu_(std::move(gpu)),
        decoder(gpu_->device.get(), gpu_->decode.get()),
        renderer(gpu_->device.get(), gpu_->render.get()) {}
  ~DeviceWorkspace();
  DeviceWorkspace(const DeviceWorkspace&) = delete;
  DeviceWorkspace& operator=(const DeviceWorkspace&) = delete;

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
  std::vector<std::unique_ptr<DeviceRow>> rows;  // [row of the batch]
  std::vector<std::size_t> decoded_rows;         // [image of the decoder]: its row
};

// Keeps the workspaces that no batch has.
class WorkspacePool : public std::enable_shared_from_this<WorkspacePool> {
 public:
  explicit WorkspacePool(std::shared_ptr<Gpu> gpu) : gpu_(std::move(gpu)) {}
  Status acquire(std::size_t num_rows, std::shared_ptr<BatchContext>* context);

 private:
  const std::shared_ptr<Gpu> gpu_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<DeviceWorkspace>> free_;
};

DeviceWorkspace& workspace_of(const BatchWork& batch);

}  // namespace fastpass
