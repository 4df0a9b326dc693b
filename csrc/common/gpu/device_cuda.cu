#include <string>

#include "common/gpu/cuda_check.h"
#include "common/gpu/current_device.cuh"
#include "common/gpu/device.h"

namespace fastpass {
namespace {

// Every call is made on the GPU `ordinal`, whichever one is selected.
class CudaDevice : public Device {
 public:
  explicit CudaDevice(int ordinal) : ordinal_(ordinal) {}

  Status open() {
    int shared = 0;
    FASTPASS_RETURN_IF_ERROR(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, &shared));
    max_shared_bytes_ = static_cast<std::size_t>(shared);
    return attribute(cudaDevAttrMultiProcessorCount, &num_multiprocessors_);
  }

  Status allocate(std::size_t bytes, void** memory) override {
    return run([&] { return cudaMalloc(memory, bytes); }, "allocating " + in_bytes(bytes));
  }
  void free(void* memory) override {
    const CurrentDevice current(ordinal_);
    forget_error(cudaFree(memory));
  }
  Status allocate_pinned(std::size_t bytes, void** memory) override {
    return run([&] { return cudaHostAlloc(memory, bytes, cudaHostAllocDefault); },
               "allocating " + in_bytes(bytes) + " of pinned memory");
  }
  void free_pinned(void* memory) override {
    const CurrentDevice current(ordinal_);
    forget_error(cudaFreeHost(memory));
  }

  // Not synchronized with the default stream, on which consumers often run.
  Status make_stream(Stream* stream) override {
    return run(
        [&] {
          return cudaStreamCreateWithFlags(reinterpret_cast<cudaStream_t*>(stream),
                                           cudaStreamNonBlocking);
        },
        "making a stream");
  }
  void free_stream(Stream stream) override {
    const CurrentDevice current(ordinal_);
    forget_error(cudaStreamDestroy(static_cast<cudaStream_t>(stream)));
  }
  Status make_event(Event* event) override {
    return run(
        [&] {
          return cudaEventCreateWithFlags(reinterpret_cast<cudaEvent_t*>(event),
                                          cudaEventDisableTiming | cudaEventBlockingSync);
        },
        "making an event");
  }
  void free_event(Event event) override {
    const CurrentDevice current(ordinal_);
    forget_error(cudaEventDestroy(static_cast<cudaEvent_t>(event)));
  }

  Status copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream) override {
    return copy(to, from, bytes, cudaMemcpyHostToDevice, stream);
  }
  Status copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream) override {
    return copy(to, from, bytes, cudaMemcpyDeviceToHost, stream);
  }
  Status clear(void* memory, std::size_t bytes, Stream stream) override {
    return run([&] { return cudaMemsetAsync(memory, 0, bytes, static_cast<cudaStream_t>(stream)); },
               "clearing " + in_bytes(bytes));
  }

  Status record(Event event, Stream stream) override {
    return run(
        [&] {
          return cudaEventRecord(static_cast<cudaEvent_t>(event),
                                 static_cast<cudaStream_t>(stream));
        },
        "recording an event");
  }
  Status wait(Stream stream, Event event) override {
    return run(
        [&] {
          return cudaStreamWaitEvent(static_cast<cudaStream_t>(stream),
                                     static_cast<cudaEvent_t>(event), 0);
        },
        "waiting for an event");
  }
  Status query(Event event, bool* has_happened) override {
    const CurrentDevice current(ordinal_);
    FASTPASS_RETURN_IF_ERROR(check_cuda(current.error(), "choosing the GPU"));
    const cudaError_t error = cudaEventQuery(static_cast<cudaEvent_t>(event));
    *has_happened = error != cudaErrorNotReady;
    if (error == cudaErrorNotReady) {
      forget_error(error);
      return {};
    }
    return check_cuda(error, "work on the GPU");
  }
  Status synchronize(Event event) override {
    return run([&] { return cudaEventSynchronize(static_cast<cudaEvent_t>(event)); },
               "work on the GPU");
  }
  Status finish_all() override {
    return run([] { return cudaDeviceSynchronize(); }, "work on the GPU");
  }

  std::size_t max_shared_bytes() const override { return max_shared_bytes_; }
  int num_multiprocessors() const override { return num_multiprocessors_; }

 private:
  static std::string in_bytes(std::size_t bytes) { return std::to_string(bytes) + " bytes"; }

  template <typename Call>
  Status run(const Call& call, const std::string& doing) const {
    const CurrentDevice current(ordinal_);
    FASTPASS_RETURN_IF_ERROR(check_cuda(current.error(), "choosing the GPU"));
    return check_cuda(call(), doing);
  }

  Status copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, Stream stream) {
    return run(
        [&] { return cudaMemcpyAsync(to, from, bytes, kind, static_cast<cudaStream_t>(stream)); },
        "copying " + in_bytes(bytes));
  }

  Status attribute(cudaDeviceAttr which, int* value) const {
    return check_cuda(cudaDeviceGetAttribute(value, which, ordinal_),
                      "asking GPU " + std::to_string(ordinal_) + " for what it has");
  }

  const int ordinal_;
  std::size_t max_shared_bytes_ = 0;
  int num_multiprocessors_ = 0;
};

}  // namespace

Status make_cuda_device(int ordinal, std::unique_ptr<Device>* device) {
  auto made = std::make_unique<CudaDevice>(ordinal);
  FASTPASS_RETURN_IF_ERROR(made->open());
  *device = std::move(made);
  return {};
}

}  // namespace fastpass
