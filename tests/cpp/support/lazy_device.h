// A device that does nothing until somebody has to know, and then no more than what that depends
// on: whoever forgets to wait finds memory that is not written yet, or that is written too early.
#pragma once

#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "augment/gpu/batch_renderer.h"
#include "common/gpu/device.h"
#include "decode/gpu/batch_decoder.h"

namespace fastpass_test {

class LazyDevice : public fastpass::Device {
 public:
  using Status = fastpass::Status;
  using Stream = fastpass::Stream;
  using Event = fastpass::Event;

  // Queued as a kernel is.
  void run(Stream stream, std::function<void()> work) {
    const std::lock_guard<std::recursive_mutex> lock(mutex_);
    queue(stream, {std::move(work), {}});
  }

  Status allocate(std::size_t bytes, void** memory) override {
    *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
    std::memset(*memory, 0xA5, bytes);
    return {};
  }
  // As cudaFree: not before everything has run.
  void free(void* memory) override {
    if (memory == nullptr) return;
    run_all();
    std::free(memory);
  }
  void run_all() {
    const std::lock_guard<std::recursive_mutex> lock(mutex_);
    for (const auto& stream : streams_) {
      while (!stream->empty()) run_first(*stream);
    }
  }
  Status allocate_pinned(std::size_t bytes, void** memory) override {
    return allocate(bytes, memory);
  }
  void free_pinned(void* memory) override { free(memory); }

  Status make_stream(Stream* stream) override {
    const std::lock_guard<std::recursive_mutex> lock(mutex_);
    streams_.push_back(std::make_unique<Queue>());
    *stream = streams_.back().get();
    return {};
  }
  void free_stream(Stream) override {}
  Status make_event(Event* event) override {
    *event = new Mark();
    return {};
  }
  void free_event(Event event) override { delete static_cast<Mark*>(event); }

  Status copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream) override {
    run(stream, [=] { std::memcpy(to, from, bytes); });
    return {};
  }
  Status copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream) override {
    return copy_to_device(to, from, bytes, stream);
  }
  Status clear(void* memory, std::size_t bytes, Stream stream) override {
    run(stream, [=] { std::memset(memory, 0, bytes); });
    return {};
  }

  Status record(Event event, Stream stream) override {
    const std::lock_guard<std::recursive_mutex> lock(mutex_);
    auto done = std::make_shared<bool>(false);
    *static_cast<Mark*>(event) = {static_cast<Queue*>(stream), done};
    queue(stream, {[done] { *done = true; }, {}});
    return {};
  }
  Status wait(Stream stream, Event event) override {
    const std::lock_guard<std::recursive_mutex> lock(mutex_);
    queue(stream, {[] {}, *static_cast<Mark*>(event)});
    return {};
  }
  Status query(Event event, bool* has_happened) override {
    const std::lock_guard<std::recursive_mutex> lock(mutex_);
    const Mark& mark = *static_cast<Mark*>(event);
    *has_happened = !mark.done || *mark.done;
    return {};
  }
  Status synchronize(Event event) override {
    const std::lock_guard<std::recursive_mutex> lock(mutex_);
    reach(*static_cast<Mark*>(event));
    return {};
  }
  Status finish_all() override {
    run_all();
    return {};
  }
  std::size_t max_shared_bytes() const override { return 227 * 1024; }
  int num_multiprocessors() const override { return 2; }

 private:
  struct Work;
  using Queue = std::deque<Work>;
  struct Mark {
    Queue* stream = nullptr;  // nullptr: never recorded
    std::shared_ptr<bool> done;
  };
  struct Work {
    std::function<void()> run;
    Mark after;
  };

  static void queue(Stream stream, Work work) {
    static_cast<Queue*>(stream)->push_back(std::move(work));
  }
  void reach(const Mark& mark) {
    while (mark.stream != nullptr && !*mark.done) run_first(*mark.stream);
  }
  void run_first(Queue& stream) {
    const Work work = std::move(stream.front());
    stream.pop_front();
    reach(work.after);
    work.run();
  }

  std::recursive_mutex mutex_;
  std::vector<std::unique_ptr<Queue>> streams_;
};

// Runs what the twin runs, when the device gets there.
template <typename Kernels, typename Passes>
class LazyKernels : public Kernels {
 public:
  LazyKernels(LazyDevice* device, std::unique_ptr<Kernels> kernels)
      : device_(device), kernels_(std::move(kernels)) {}
  fastpass::Status run(const Passes& passes, fastpass::Stream stream) override {
    device_->run(stream,
                 [this, passes, stream] { static_cast<void>(kernels_->run(passes, stream)); });
    return {};
  }

 private:
  LazyDevice* const device_;
  const std::unique_ptr<Kernels> kernels_;
};

using LazyDecodeKernels = LazyKernels<fastpass::DecodeKernels, fastpass::DecodePasses>;
using LazyRenderKernels = LazyKernels<fastpass::RenderKernels, fastpass::RenderPasses>;

}  // namespace fastpass_test
