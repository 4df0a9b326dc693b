#include "feed/gpu_workspace.h"

#include <mutex>
#include <utility>

namespace fastpass {
namespace {

struct GpuContext : BatchContext {
  std::shared_ptr<GpuWorkspace> workspace;
};

}  // namespace

GpuWorkspace::~GpuWorkspace() {
  static_cast<void>(synchronize());
  for (const Event event : {decoded, rendered}) {
    if (event != nullptr) device().free_event(event);
  }
  if (stream != nullptr) device().free_stream(stream);
}

Status GpuWorkspace::open() {
  FASTPASS_RETURN_IF_ERROR(device().make_stream(&stream));
  FASTPASS_RETURN_IF_ERROR(device().make_event(&decoded));
  return device().make_event(&rendered);
}

Status GpuWorkspace::synchronize() {
  if (decoded != nullptr) FASTPASS_RETURN_IF_ERROR(device().synchronize(decoded));
  if (rendered != nullptr) FASTPASS_RETURN_IF_ERROR(device().synchronize(rendered));
  return {};
}

Status WorkspacePool::acquire(std::size_t num_rows, std::shared_ptr<BatchContext>* context) {
  std::unique_ptr<GpuWorkspace> taken;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) {
      taken = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!taken) {
    taken = std::make_unique<GpuWorkspace>(gpu_);
    FASTPASS_RETURN_IF_ERROR(taken->open());
  }
  while (taken->rows.size() < num_rows) taken->rows.push_back(std::make_unique<GpuRow>());
  auto made = std::make_shared<GpuContext>();
  made->workspace.reset(taken.release(), [pool = shared_from_this()](GpuWorkspace* used) {
    const std::lock_guard<std::mutex> lock(pool->mutex_);
    pool->free_.emplace_back(used);
  });
  *context = std::move(made);
  return {};
}

GpuWorkspace& workspace_of(const BatchWork& batch) {
  return *static_cast<const GpuContext&>(*batch.context).workspace;
}

}  // namespace fastpass
