// The memory of one batch, and the pool it comes from and returns to.
//
// Note [Who owns a slot]. A slot is handed out as a shared_ptr; every array that shows its memory
// holds a copy. When the last one goes, the slot returns to its pool by itself. A consumer that
// keeps its batches therefore never sees them overwritten: the pool just makes a new slot.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "augment/view_format.h"
#include "common/owner_process.h"
#include "common/status.h"

namespace fastpass {

// Shape of a batch: one [batch_size, 3, size, size] array per view, in memory
// [batch_size, size, size, 3] where the format says kChannelsLast.
struct BatchLayout {
  std::int64_t batch_size = 0;
  std::vector<int> view_sizes;
  std::vector<std::size_t> op_output_bytes;  // of one sample: op_output_bytes() in sample_plan.h
  ViewFormat format;

  std::size_t sample_bytes(std::size_t view) const {
    return view_bytes(view_sizes[view], format.dtype);
  }
  // Of a view of the whole batch; kOutOfMemory where no machine has as much.
  Status batch_bytes(std::size_t view, std::size_t* bytes) const;
  // The same of an output of the operations.
  Status batch_op_bytes(std::size_t output, std::size_t* bytes) const;
};

struct SkippedSample {
  std::int64_t sample_id = 0;
  Status reason;
};

struct BatchSlot {
  virtual ~BatchSlot() = default;
  // Before it is filled anew.
  void clear();

  std::vector<std::uint8_t*> views;       // of the host or of a device
  std::vector<std::uint8_t*> op_outputs;  // [batch_size, bytes] each
  std::int64_t num_samples = 0;           // in use; damaged samples take no place
  std::vector<std::int64_t> sample_ids;
  std::vector<std::int64_t> positions;  // in the source
  std::vector<std::int64_t> labels;     // -1: none
  std::vector<SkippedSample> skipped;
  Status failure;  // of the first damaged sample in the batch, unless damaged ones are skipped
};

// Makes a slot with memory for a batch of that layout.
using SlotFactory = std::function<Status(const BatchLayout&, std::unique_ptr<BatchSlot>*)>;

class SlotPool : public std::enable_shared_from_this<SlotPool> {
 public:
  SlotPool(BatchLayout layout, SlotFactory make)
      : layout_(std::move(layout)), make_(std::move(make)) {}

  const BatchLayout& layout() const { return layout_; }
  // A free slot, or a new one where the consumer still holds all others.
  Status acquire(std::shared_ptr<BatchSlot>* slot);
  // Frees the slots that nobody holds, and each other one when it is given back.
  void close();
  // How many slots were ever made: constant in the steady state.
  std::int64_t num_allocated() const { return num_allocated_; }

 private:
  void give_back(BatchSlot* slot);

  const BatchLayout layout_;
  const SlotFactory make_;
  const OwnerProcess process_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<BatchSlot>> free_;
  bool is_closed_ = false;
  std::atomic<std::int64_t> num_allocated_{0};
};

}  // namespace fastpass
