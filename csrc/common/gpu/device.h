// The memory, streams and events of the machine on which batches are decoded and rendered: a GPU
// (device_cuda.cu), or the CPU in its place (device_twin.h), where everything that is queued has
// happened before the call returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/status.h"

namespace fastpass {

using Stream = void*;  // a cudaStream_t; the twin has none
using Event = void*;   // a cudaEvent_t

// All calls are safe from any thread. Only free(), free_pinned() and finish_all() wait for all that
// the device has to do.
class Device {
 public:
  virtual ~Device() = default;

  // Memory is aligned to 256 bytes; `bytes` > 0. free_* accept nullptr.
  virtual Status allocate(std::size_t bytes, void** memory) = 0;
  virtual void free(void* memory) = 0;
  // Page-locked memory of the host.
  virtual Status allocate_pinned(std::size_t bytes, void** memory) = 0;
  virtual void free_pinned(void* memory) = 0;

  virtual Status make_stream(Stream* stream) = 0;
  virtual void free_stream(Stream stream) = 0;
  virtual Status make_event(Event* event) = 0;
  virtual void free_event(Event event) = 0;

  // Queued on `stream`; the memory stays as it is until they have run. Host memory is pinned.
  virtual Status copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream) = 0;
  virtual Status copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream) = 0;
  virtual Status clear(void* memory, std::size_t bytes, Stream stream) = 0;

  // `event` happens when all that was queued on `stream` so far has run.
  virtual Status record(Event event, Stream stream) = 0;
  // What is queued on `stream` from now on runs after `event`.
  virtual Status wait(Stream stream, Event event) = 0;
  // Whether `event` has happened; returns what failed before it.
  virtual Status query(Event event, bool* has_happened) = 0;
  // Blocks the calling thread until `event` has happened; returns what failed before it.
  virtual Status synchronize(Event event) = 0;
  // Blocks the calling thread until nothing is queued anywhere: where an event could not be
  // recorded.
  virtual Status finish_all() = 0;

  // Memory that one block may share, and multiprocessors: for launch geometry.
  virtual std::size_t max_shared_bytes() const = 0;
  virtual int num_multiprocessors() const = 0;
};

// A CUDA GPU; part of the module _cuda only. kDeviceFailed where there is none of that ordinal.
Status make_cuda_device(int ordinal, std::unique_ptr<Device>* device);

}  // namespace fastpass
