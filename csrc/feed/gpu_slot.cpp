#include "feed/gpu_slot.h"

#include <string>
#include <utility>

namespace fastpass {

GpuSlot::~GpuSlot() {
  // Whatever still reads or writes: memory that is given back may be anybody's.
  for (const Event event : {ready_, released_}) {
    if (event != nullptr) static_cast<void>(device().synchronize(event));
  }
  for (std::uint8_t* view : views) device().free(view);
  for (const Event event : {ready_, released_}) {
    if (event != nullptr) device().free_event(event);
  }
}

Status GpuSlot::allocate(const BatchLayout& layout) {
  FASTPASS_RETURN_IF_ERROR(device().make_event(&ready_));
  FASTPASS_RETURN_IF_ERROR(device().make_event(&released_));
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
  FASTPASS_RETURN_IF_ERROR(device().wait(stream, ready_));
  return device().wait(stream, released_);
}

Status GpuSlot::end_writing(Stream stream) { return device().record(ready_, stream); }

Status GpuSlot::hand_out(Stream stream) {
  consumer_ = stream;
  is_handed_out_ = true;
  return device().wait(stream, ready_);
}

void GpuSlot::release() {
  if (!is_handed_out_ || !process_.is_here()) return;
  is_handed_out_ = false;
  // A stream that is gone has nothing queued any more; the slot's memory is then free already.
  static_cast<void>(device().record(released_, consumer_));
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
