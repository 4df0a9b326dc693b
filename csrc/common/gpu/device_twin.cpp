#include "common/gpu/device_twin.h"

#include <cstdlib>
#include <cstring>

namespace fastpass {
namespace {

constexpr std::size_t kAlignment = 256;

}  // namespace

// New memory is filled with a pattern: on a GPU it is not zero either.
Status TwinDevice::allocate(std::size_t bytes, void** memory) {
  *memory = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  if (*memory == nullptr) return {Fault::kOutOfMemory, "no memory for the twin of a GPU"};
  std::memset(*memory, 0xA5, bytes);
  return {};
}

void TwinDevice::free(void* memory) { std::free(memory); }

Status TwinDevice::allocate_pinned(std::size_t bytes, void** memory) {
  return allocate(bytes, memory);
}

void TwinDevice::free_pinned(void* memory) { std::free(memory); }

Status TwinDevice::make_stream(Stream* stream) {
  *stream = nullptr;
  return {};
}

void TwinDevice::free_stream(Stream) {}

Status TwinDevice::make_event(Event* event) {
  *event = nullptr;
  return {};
}

void TwinDevice::free_event(Event) {}

Status TwinDevice::copy_to_device(void* to, const void* from, std::size_t bytes, Stream) {
  if (bytes > 0) std::memcpy(to, from, bytes);
  return {};
}

Status TwinDevice::copy_to_host(void* to, const void* from, std::size_t bytes, Stream) {
  if (bytes > 0) std::memcpy(to, from, bytes);
  return {};
}

Status TwinDevice::clear(void* memory, std::size_t bytes, Stream) {
  if (bytes > 0) std::memset(memory, 0, bytes);
  return {};
}

Status TwinDevice::record(Event, Stream) { return {}; }
Status TwinDevice::wait(Stream, Event) { return {}; }
Status TwinDevice::query(Event, bool* has_happened) {
  *has_happened = true;
  return {};
}
Status TwinDevice::synchronize(Event) { return {}; }

}  // namespace fastpass
