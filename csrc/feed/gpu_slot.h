// A batch in the memory of a GPU.
#pragma once

#include <memory>

#include "common/gpu/fence.h"
#include "common/owner_process.h"
#include "feed/gpu.h"
#include "feed/slot.h"

namespace fastpass {

// Note [Who waits for whom]. Batches are filled on streams of the engine and read on the
// consumer's. The consumer's stream waits for `ready` before it reads; a stream that fills the slot
// anew waits for `released`, which lies behind everything that the consumer had queued when it let
// go of the batch. No thread waits for either.
class GpuSlot : public BatchSlot {
 public:
  explicit GpuSlot(std::shared_ptr<Gpu> gpu)
      : gpu_(std::move(gpu)), ready_(gpu_->device.get()), released_(gpu_->device.get()) {}
  ~GpuSlot() override;

  Status allocate(const BatchLayout& layout);
  // What is queued on `stream` from now on may write the views.
  Status begin_writing(Stream stream);
  // Call it whatever became of the writing, and with that: what was queued writes all the same.
  Status end_writing(const Status& of_writing, Stream stream);
  // The consumer's: from now on, until release(), it reads the views on `stream`.
  Status hand_out(Stream stream);
  // The last tensor that shows the slot is gone. Waits where the consumer's stream is gone as well,
  // because what it had queued may still read.
  void release();

  Device& device() const { return *gpu_->device; }

 private:
  const std::shared_ptr<Gpu> gpu_;
  const OwnerProcess process_;
  bool is_open_ = false;
  Fence ready_;
  Fence released_;
  Stream consumer_ = nullptr;
  bool is_handed_out_ = false;
};

SlotFactory gpu_slot_factory(std::shared_ptr<Gpu> gpu);

}  // namespace fastpass
