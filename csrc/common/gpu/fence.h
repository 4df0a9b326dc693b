// What a call has queued, and when all of it has happened, however the call ended.
//
// Note [Half a call]. A call that fails has queued something all the same, copies out of pinned
// memory for one. An event that it did not come to record is still that of the call before, so
// waiting for it would not protect this memory. So every call that queues ends with close().
#pragma once

#include "common/gpu/device.h"
#include "common/status.h"

namespace fastpass {

class Fence {
 public:
  explicit Fence(Device* device) : device_(device) {}
  ~Fence() {
    if (event_ == nullptr) return;
    static_cast<void>(wait());
    device_->free_event(event_);
  }
  Fence(const Fence&) = delete;
  Fence& operator=(const Fence&) = delete;

  // Call once, before anything else.
  Status open() { return device_->make_event(&event_); }

  // Puts the fence behind what is queued on `stream`, whatever became of the call that queued it;
  // where that fails, waits until nothing is queued at all. Returns the first failure.
  Status close(const Status& of_call, Stream stream) {
    const Status recorded = device_->record(event_, stream);
    if (!recorded.ok()) static_cast<void>(device_->finish_all());
    return of_call.ok() ? recorded : of_call;
  }

  Status wait() const { return device_->synchronize(event_); }
  Status make_wait(Stream stream) const { return device_->wait(stream, event_); }
  // Whether wait() would not have to; returns what failed before it.
  Status query(bool* has_happened) const { return device_->query(event_, has_happened); }

 private:
  Device* const device_;
  Event event_ = nullptr;
};

}  // namespace fastpass
