// The memory of one batch, and the pool it comes from and returns to.
//
// Note [Who owns a slot]. A slot is handed out as a shared_ptr; every array that shows its memory
// holds a copy. When the last one goes, the slot returns to its pool by itself. A consumer that
// keeps its batches therefore never sees them overwritten: the pool just makes a new slot.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "augment/render.h"
#include "common/status.h"

namespace fastpass {

// Shape of a batch: one [batch_size, 3, size, size] array per view; with channels_last its memory
// is [batch_size, size, size, 3].
struct BatchLayout {
  std::int64_t batch_size = 0;
  std::vector<int> view_sizes;
  Dtype dtype = Dtype::kFloat32;
  bool channels_last = false;

  std::size_t view_bytes(std::size_t view) const {
    const auto size = static_cast<std::size_t>(view_sizes[view]);
    return 3 * size * size * static_cast<std::size_t>(dtype_bytes(dtype));
  }
};

struct SkippedSample {
  std::int64_t sample_id = 0;
  Status reason;
};

struct BatchSlot {
  struct Free {
    void operator()(std::uint8_t* memory) const { std::free(memory); }
  };
  using Memory = std::unique_ptr<std::uint8_t, Free>;

  std::vector<Memory> views;
  std::int64_t num_samples = 0;  // rows in use; damaged samples take none
  std::vector<std::int64_t> sample_ids;
  std::vector<std::int64_t> positions;  // in the source
  std::vector<std::int64_t> labels;     // -1: none
  std::vector<SkippedSample> skipped;
  Status failure;  // of the first damaged sample in the batch, unless damaged ones are skipped
};

class SlotPool : public std::enable_shared_from_this<SlotPool> {
 public:
  explicit SlotPool(BatchLayout layout) : layout_(std::move(layout)) {}

  const BatchLayout& layout() const { return layout_; }
  // A free slot, or a new one where the consumer still holds all others.
  Status acquire(std::shared_ptr<BatchSlot>* slot);
  // How many slots were ever made: constant in the steady state.
  std::int64_t num_allocated() const { return num_allocated_; }

 private:
  Status allocate(std::unique_ptr<BatchSlot>* slot) const;
  void give_back(BatchSlot* slot);

  const BatchLayout layout_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<BatchSlot>> free_;
  std::atomic<std::int64_t> num_allocated_{0};
};

}  // namespace fastpass
