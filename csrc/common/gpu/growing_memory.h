// Memory of a device, or pinned memory of its host, that grows to the largest need seen and stays.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/gpu/device.h"
#include "common/status.h"

namespace fastpass {

class GrowingMemory {
 public:
  enum class Kind : std::uint8_t { kDevice, kPinned };

  GrowingMemory(Device* device, Kind kind) : device_(device), kind_(kind) {}
  ~GrowingMemory() { release(); }
  GrowingMemory(const GrowingMemory&) = delete;
  GrowingMemory& operator=(const GrowingMemory&) = delete;

  // Growing loses the contents, so nothing that is queued may still use them. It waits for all that
  // the device has to do (Device::free), which happens while the first batches grow it.
  Status reserve(std::size_t bytes) {
    if (bytes <= capacity_) return {};
    const std::size_t wanted = bytes + bytes / 4;  // the next batch is a little larger
    release();
    void* memory = nullptr;
    FASTPASS_RETURN_IF_ERROR(kind_ == Kind::kDevice ? device_->allocate(wanted, &memory)
                                                    : device_->allocate_pinned(wanted, &memory));
    memory_ = static_cast<std::uint8_t*>(memory);
    capacity_ = wanted;
    return {};
  }

  std::uint8_t* data() const { return memory_; }
  std::size_t capacity() const { return capacity_; }

 private:
  void release() {
    if (kind_ == Kind::kDevice) {
      device_->free(memory_);
    } else {
      device_->free_pinned(memory_);
    }
    memory_ = nullptr;
    capacity_ = 0;
  }

  Device* const device_;
  const Kind kind_;
  std::uint8_t* memory_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace fastpass
