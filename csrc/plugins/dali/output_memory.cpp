#include "output_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace fastpass_dali {
namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest SIMD register
constexpr std::size_t kHugePage = std::size_t{2} << 20;

struct Block {
  void* memory = nullptr;
  std::size_t capacity = 0;
};

// The pages of large blocks are large, which saves the processor looking up their addresses.
Block new_block(std::size_t bytes) {
  const std::size_t alignment = bytes < kHugePage ? kAlignment : kHugePage;
  Block block;
  block.capacity = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  block.memory = std::aligned_alloc(alignment, block.capacity);
  if (block.memory == nullptr) throw std::bad_alloc();
  if (alignment == kHugePage) {
    static_cast<void>(madvise(block.memory, block.capacity, MADV_HUGEPAGE));  // advice only
  }
  return block;
}

}  // namespace

// The blocks of one output; those in use come back by themselves.
class OutputMemory::Pool : public std::enable_shared_from_this<Pool> {
 public:
  ~Pool() { close(); }

  std::shared_ptr<void> take(std::size_t bytes) {
    const Block block = free_or_new(bytes);
    const pid_t process = ::getpid();
    return {block.memory, [pool = shared_from_this(), block, process](void*) {
              // A fork lacks the threads that may have held the lock.
              if (::getpid() == process) pool->give_back(block);
            }};
  }

  void close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_closed_ = true;
    for (const Block& block : free_) std::free(block.memory);
    free_.clear();
  }

 private:
  Block free_or_new(std::size_t bytes) {
    Block block;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        block = free_.back();
        free_.pop_back();
      }
    }
    if (block.capacity >= bytes && block.memory != nullptr) return block;
    std::free(block.memory);  // too small for this batch
    return new_block(bytes);
  }

  void give_back(const Block& block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) {
      std::free(block.memory);
    } else {
      free_.push_back(block);
    }
  }

  std::mutex mutex_;
  std::vector<Block> free_;
  bool is_closed_ = false;
};

OutputMemory::OutputMemory() = default;

OutputMemory::~OutputMemory() {
  for (const auto& pool : pools_) pool->close();
}

void OutputMemory::set_output(dali::Workspace& workspace, int index,
                              const dali::OutputDesc& description, const char* layout) {
  auto& output = workspace.Output<dali::CPUBackend>(index);
  if (output.is_pinned()) {  // it goes on to a GPU, from memory that DALI has a pool of
    output.Resize(description.shape, description.type);
    output.SetLayout(layout);
    return;
  }
  while (pools_.size() <= static_cast<std::size_t>(index)) {
    pools_.push_back(std::make_shared<Pool>());
  }
  const std::size_t bytes = static_cast<std::size_t>(description.shape.num_elements()) *
                            dali::TypeTable::GetTypeInfo(description.type).size();
  output.ShareData(pools_[static_cast<std::size_t>(index)]->take(bytes), bytes, false,
                   description.shape, description.type, dali::CPU_ONLY_DEVICE_ID,
                   dali::AccessOrder::host(), layout);
}

}  // namespace fastpass_dali
