#include "feed/host_slot.h"

#include <sys/mman.h>

#include <string>

namespace fastpass {
namespace {

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

Status add_memory(std::size_t bytes, const std::string& name, HostSlot* slot,
                  std::vector<std::uint8_t*>* places) {
  std::uint8_t* memory = allocate_pages(bytes);
  if (memory == nullptr) {
    return {Fault::kOutOfMemory,
            "no memory for a batch: " + name + " needs " + std::to_string(bytes) + " bytes"};
  }
  slot->memory.emplace_back(memory);
  places->push_back(memory);
  return {};
}

}  // namespace

Status make_host_slot(const BatchLayout& layout, std::unique_ptr<BatchSlot>* slot) {
  auto made = std::make_unique<HostSlot>();
  std::size_t bytes = 0;
  for (std::size_t view = 0; view < layout.view_sizes.size(); ++view) {
    FASTPASS_RETURN_IF_ERROR(layout.batch_bytes(view, &bytes));
    const std::string name = "view " + std::to_string(view);
    FASTPASS_RETURN_IF_ERROR(add_memory(bytes, name, made.get(), &made->views));
  }
  for (std::size_t output = 0; output < layout.op_output_bytes.size(); ++output) {
    FASTPASS_RETURN_IF_ERROR(layout.batch_op_bytes(output, &bytes));
    const std::string name = "output " + std::to_string(output) + " of the view_ops";
    FASTPASS_RETURN_IF_ERROR(add_memory(bytes, name, made.get(), &made->op_outputs));
  }
  *slot = std::move(made);
  return {};
}

}  // namespace fastpass
