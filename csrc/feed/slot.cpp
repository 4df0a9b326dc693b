#include "feed/slot.h"

#include <string>
#include <utility>

namespace fastpass {
namespace {

constexpr std::size_t kMaxViewBytes = std::size_t{1} << 40;  // far from where a product wraps

Status bytes_of_batch(std::int64_t batch_size, std::size_t sample_bytes, std::size_t* bytes) {
  const auto num_samples = static_cast<std::size_t>(batch_size);
  if (num_samples > kMaxViewBytes / sample_bytes) {
    return {Fault::kOutOfMemory,
            "a batch of " + std::to_string(num_samples) + " needs more than 2^40 bytes"};
  }
  *bytes = num_samples * sample_bytes;
  return {};
}

}  // namespace

Status BatchLayout::batch_bytes(std::size_t view, std::size_t* bytes) const {
  return bytes_of_batch(batch_size, sample_bytes(view), bytes).at("view " + std::to_string(view));
}

Status BatchLayout::batch_op_bytes(std::size_t output, std::size_t* bytes) const {
  return bytes_of_batch(batch_size, op_output_bytes[output], bytes)
      .at("output " + std::to_string(output) + " of the view_ops");
}

void BatchSlot::clear() {
  num_samples = 0;
  sample_ids.clear();
  positions.clear();
  labels.clear();
  skipped.clear();
  failure = Status();
}

Status SlotPool::acquire(std::shared_ptr<BatchSlot>* slot) {
  std::unique_ptr<BatchSlot> taken;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) {
      taken = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!taken) {
    FASTPASS_RETURN_IF_ERROR(make_(layout_, &taken));
    ++num_allocated_;
  }
  slot->reset(taken.release(),
              [pool = shared_from_this()](BatchSlot* used) { pool->give_back(used); });
  return {};
}

void SlotPool::give_back(BatchSlot* slot) {
  // A forked process leaves the slot alone: the lock may be held for ever, a GPU is out of reach.
  if (!process_.is_here()) return;
  std::unique_ptr<BatchSlot> given(slot);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!is_closed_) free_.push_back(std::move(given));
}

void SlotPool::close() {
  std::vector<std::unique_ptr<BatchSlot>> unused;  // freed without the lock
  const std::lock_guard<std::mutex> lock(mutex_);
  is_closed_ = true;
  unused.swap(free_);
}

}  // namespace fastpass
