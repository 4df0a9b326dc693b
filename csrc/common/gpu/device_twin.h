// The CPU in the place of a GPU: see device.h and shuffled.h.
#pragma once

#include "common/gpu/device.h"

namespace fastpass {

class TwinDevice : public Device {
 public:
  // As much as a block has on a GPU of compute capability 9.0 by default.
  explicit TwinDevice(std::size_t max_shared_bytes = 227 * 1024)
      : max_shared_bytes_(max_shared_bytes) {}

  Status allocate(std::size_t bytes, void** memory) override;
  void free(void* memory) override;
  Status allocate_pinned(std::size_t bytes, void** memory) override;
  void free_pinned(void* memory) override;
  Status make_stream(Stream* stream) override;
  void free_stream(Stream stream) override;
  Status make_event(Event* event) override;
  void free_event(Event event) override;
  Status copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream) override;
  Status copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream) override;
  Status clear(void* memory, std::size_t bytes, Stream stream) override;
  Status record(Event event, Stream stream) override;
  Status wait(Stream stream, Event event) override;
  Status query(Event event, bool* has_happened) override;
  Status synchronize(Event event) override;
  Status finish_all() override { return {}; }
  std::size_t max_shared_bytes() const override { return max_shared_bytes_; }
  int num_multiprocessors() const override { return 2; }

 private:
  const std::size_t max_shared_bytes_;
};

}  // namespace fastpass
