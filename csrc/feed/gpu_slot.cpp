#include "feed/gpu_slot.h"

#include <string>
#include <utility>

namespace fastpass {

GpuSlot::~GpuSlot() {
  if (!is_open_) return;
  // Whatever still reads or writes: memory that is given back may be anybody's.
  static_cast<void>(ready_.wait());
  static_cast<void>(released_.wait());
  for (std::uint8_t* view : views) device().free(view);
}

Status GpuSlot::allocate(const BatchLayout& layout) {
  FASTPASS_RETURN_IF_ERROR(ready_.open());
  FASTPASS_RETURN_IF_ERROR(released_.open());
  is_open_ = true;
  for (std::size_t view = 0; view < layout.view_sizes.size(); ++view) {
    std::size_t bytes = 0;
    FASTPASS_RETURN_IF_ERROR(layout.batch_bytes(view, &bytes));
    void* memory = nullptr;
    const Status status = device().allocate(bytes, &memory);
    if (!status.ok())
      return status.at("no memory for view " + std::to_string(view) + " of a batch");
    views.push_back(static_cast<std::uint8_t*>(memory));
  }
  return {};
}

Status GpuSlot::begin_writing(Stream stream) {
  // Of `ready`, too: a batch that was forgotten may still be on its way.
  FASTPASS_RETURN_IF_ERROR(ready_.make_wait(stream));
  return released_.make_wait(stream);
}

Status GpuSlot::end_writing(const Status& of_writing, Stream stream) {
  return ready_.close(of_writing, stream);
}

Status GpuSlot::hand_out(Stream stream) {
  consumer_ = stream;
  is_handed_out_ = true;
  return ready_.make_wait(stream);
}

void GpuSlot::release() {
  if (!is_handed_out_ || !process_.is_here()) return;
  is_handed_out_ = false;
  static_cast<void>(released_.close({}, consumer_));
}

SlotFactory gpu_slot_factory(std::shared_ptr<Gpu> gpu) {
  return [gpu = std::move(gpu)](const BatchLayout& layout, std::unique_ptr<BatchSlot>* slot) {
    auto made = std::make_unique<GpuSlot>(gpu);
    FASTPASS_RETURN_IF_ERROR(made->allocate(layout));
    *slot = std::move(made);
    return Status();
  };
}

}  // namespace fastpass
