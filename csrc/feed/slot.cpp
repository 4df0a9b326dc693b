#include "feed/slot.h"

#include <sys/mman.h>

#include <string>

namespace fastpass {
namespace {

constexpr std::size_t kMaxViewBytes = std::size_t{1} << 40;  // far from where a product wraps
constexpr std::size_t kAlignment = 64;  // a cache line, and the widest SIMD register
constexpr std::size_t kHugePage = std::size_t{2} << 20;

// Each view of a batch is written once, front to back, by far more pages of 4 KiB than a processor
// keeps addresses of: larger pages save it looking them up.
std::uint8_t* allocate_pages(std::size_t bytes) {
  const std::size_t alignment = bytes < kHugePage ? kAlignment : kHugePage;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  // Advice only: where there are no huge pages, nothing is lost.
  if (memory != nullptr && alignment == kHugePage) (void)madvise(memory, rounded, MADV_HUGEPAGE);
  return static_cast<std::uint8_t*>(memory);
}

}  // namespace

Status SlotPool::allocate(std::unique_ptr<BatchSlot>* slot) const {
  auto made = std::make_unique<BatchSlot>();
  for (std::size_t view = 0; view < layout_.view_sizes.size(); ++view) {
    const auto num_rows = static_cast<std::size_t>(layout_.batch_size);
    if (num_rows > kMaxViewBytes / layout_.view_bytes(view)) {
      return {Fault::kOutOfMemory, "view " + std::to_string(view) + " of a batch of " +
                                       std::to_string(num_rows) + " needs more than 2^40 bytes"};
    }
    const std::size_t bytes = num_rows * layout_.view_bytes(view);
    std::uint8_t* memory = allocate_pages(bytes);
    if (memory == nullptr) {
      return {Fault::kOutOfMemory, "no memory for a batch: view " + std::to_string(view) +
                                       " needs " + std::to_string(bytes) + " bytes"};
    }
    made->views.emplace_back(memory);
  }
  *slot = std::move(made);
  return {};
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
    FASTPASS_RETURN_IF_ERROR(allocate(&taken));
    ++num_allocated_;
  }
  slot->reset(taken.release(),
              [pool = shared_from_this()](BatchSlot* used) { pool->give_back(used); });
  return {};
}

void SlotPool::give_back(BatchSlot* slot) {
  const std::lock_guard<std::mutex> lock(mutex_);
  free_.emplace_back(slot);
}

}  // namespace fastpass
