#include "support/fake_cuda/fake_cuda.h"

#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_cuda/cuda_runtime.h"

std::uint8_t fastpass::shared[16];  // no kernel runs

struct FakeStream {
  struct Work {
    std::function<void()> run;
    FakeStream* behind = nullptr;  // of another stream,
    long until = 0;                // so much of it
  };
  int device = 0;
  bool is_destroyed = false;
  long num_queued = 0, num_done = 0;
  std::deque<Work> work;
};

struct FakeEvent {
  int device = 0;
  FakeStream* stream = nullptr;  // nullptr: never recorded
  long place = 0;
};

namespace {

constexpr std::size_t kSharedWithoutAsking = 48 * 1024;
constexpr int kMostShared = 227 * 1024;

struct State {
  std::recursive_mutex mutex;
  std::vector<std::unique_ptr<FakeStream>> streams;  // never freed: handles of the dead are known
  bool has_context[fake_cuda::kNumDevices] = {};
  std::map<std::pair<const void*, int>, int> shared_limits;  // (kernel, device) -> bytes
  int fail_in = 0, num_calls = 0, num_device_waits = 0, num_torn = 0, num_launches = 0,
      num_attribute_calls = 0;
  bool has_failed = false;
};

State& state() {
  static State one;
  return one;
}

thread_local int current_device = 0;
thread_local cudaError_t last_error = cudaSuccess;

using Lock = std::lock_guard<std::recursive_mutex>;

cudaError_t told(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

// A call that needs a context. `wanted`: what it fails with where a test wants it to.
cudaError_t enter(cudaError_t wanted = cudaErrorLaunchFailure) {
  State& all = state();
  all.has_context[current_device] = true;
  ++all.num_calls;
  if (all.fail_in == 0 || --all.fail_in > 0) return cudaSuccess;
  all.has_failed = true;
  return wanted;
}

// The default stream of the current device where there is none.
FakeStream* known(cudaStream_t stream) {
  static FakeStream of_device[fake_cuda::kNumDevices];
  if (stream != nullptr) return stream;
  of_device[current_device].device = current_device;
  return &of_device[current_device];
}

void run_until(FakeStream* stream, long place) {
  while (stream->num_done < place && !stream->work.empty()) {
    const FakeStream::Work first = std::move(stream->work.front());
    stream->work.pop_front();
    if (first.behind != nullptr) run_until(first.behind, first.until);
    if (first.run) first.run();
    ++stream->num_done;
  }
}

void run_everything() {
  for (const auto& stream : state().streams) run_until(stream.get(), stream->num_queued);
  for (int device = 0; device < fake_cuda::kNumDevices; ++device) {
    const int before = std::exchange(current_device, device);
    FakeStream* stream = known(nullptr);
    run_until(stream, stream->num_queued);
    current_device = before;
  }
}

cudaError_t queue(cudaStream_t given, FakeStream::Work work) {
  const cudaError_t error = enter();
  if (error != cudaSuccess) return told(error);
  FakeStream* stream = known(given);
  if (stream->is_destroyed) return told(cudaErrorInvalidResourceHandle);
  stream->work.push_back(std::move(work));
  ++stream->num_queued;
  return cudaSuccess;
}

cudaError_t allocate(void** memory, std::size_t bytes) {
  const Lock lock(state().mutex);
  const cudaError_t error = enter(cudaErrorMemoryAllocation);
  if (error != cudaSuccess) return told(error);
  *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(*memory, 0xA5, bytes);
  return cudaSuccess;
}

cudaError_t wait_and_free(void* memory) {
  const Lock lock(state().mutex);
  if (memory == nullptr) return cudaSuccess;
  ++state().num_device_waits;
  run_everything();
  std::free(memory);
  return cudaSuccess;
}

int primary_context_state(int device, unsigned int* flags, int* is_active) {
  const Lock lock(state().mutex);
  *flags = 0;
  *is_active = state().has_context[device] ? 1 : 0;
  return 0;
}

}  // namespace

namespace fake_cuda {

void reset() {
  const Lock lock(state().mutex);
  run_everything();
  State& all = state();
  for (bool& has : all.has_context) has = false;
  all.shared_limits.clear();
  all.fail_in = all.num_calls = all.num_device_waits = all.num_torn = 0;
  all.num_launches = all.num_attribute_calls = 0;
  all.has_failed = false;
  current_device = 0;
  last_error = cudaSuccess;
}
bool fail_at(int n) {
  const Lock lock(state().mutex);
  state().fail_in = n;
  return std::exchange(state().has_failed, false);
}
int num_calls() { return state().num_calls; }
bool has_context(int device) { return state().has_context[device]; }
int num_device_waits() { return state().num_device_waits; }
int num_torn_copies() { return state().num_torn; }
int num_launches() { return state().num_launches; }
int num_attribute_calls() { return state().num_attribute_calls; }
bool is_busy(void* stream) {
  for (const FakeStream::Work& work : static_cast<FakeStream*>(stream)->work) {
    if (work.run) return true;
  }
  return false;
}
void run_all() {
  const Lock lock(state().mutex);
  run_everything();
}

}  // namespace fake_cuda

const char* cudaGetErrorName(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaError";
}
const char* cudaGetErrorString(cudaError_t) { return "a fake one"; }
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }

cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}
// Since CUDA 12 this opens the device's context.
cudaError_t cudaSetDevice(int device) {
  const Lock lock(state().mutex);
  if (device < 0 || device >= fake_cuda::kNumDevices) return told(cudaErrorInvalidDevice);
  current_device = device;
  state().has_context[device] = true;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (device < 0 || device >= fake_cuda::kNumDevices) return told(cudaErrorInvalidDevice);
  *value = attribute == cudaDevAttrMaxSharedMemoryPerBlockOptin ? kMostShared : 2;
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
  const Lock lock(state().mutex);
  state().has_context[current_device] = true;
  ++state().num_device_waits;
  run_everything();
  return cudaSuccess;
}
cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned int,
                                             unsigned long long,
                                             cudaDriverEntryPointQueryResult* result) {
  if (std::string(symbol) != "cuDevicePrimaryCtxGetState") return told(cudaErrorInvalidValue);
  *function = reinterpret_cast<void*>(&primary_context_state);
  *result = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) { return allocate(memory, bytes); }
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned int) {
  return allocate(memory, bytes);
}
cudaError_t cudaFree(void* memory) { return wait_and_free(memory); }
cudaError_t cudaFreeHost(void* memory) { return wait_and_free(memory); }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int) {
  const Lock lock(state().mutex);
  state().has_context[current_device] = true;
  state().streams.push_back(std::make_unique<FakeStream>());
  *stream = state().streams.back().get();
  (*stream)->device = current_device;
  return cudaSuccess;
}
// What it has queued runs all the same, some time.
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  stream->is_destroyed = true;
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int) {
  const Lock lock(state().mutex);
  return queue(stream, {{}, event->stream, event->place});
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int) {
  const Lock lock(state().mutex);
  state().has_context[current_device] = true;
  *event = new FakeEvent();
  (*event)->device = current_device;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t given) {
  const Lock lock(state().mutex);
  FakeStream* stream = known(given);
  if (stream->device != event->device) return told(cudaErrorInvalidResourceHandle);
  const cudaError_t error = queue(given, {});
  if (error != cudaSuccess) return error;
  event->stream = stream;
  event->place = stream->num_queued;
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  const Lock lock(state().mutex);
  const bool has_happened = event->stream == nullptr || event->stream->num_done >= event->place;
  return has_happened ? cudaSuccess : told(cudaErrorNotReady);
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const Lock lock(state().mutex);
  if (event->stream != nullptr) run_until(event->stream, event->place);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const Lock lock(state().mutex);
  const auto* source = static_cast<const char*>(from);
  const std::string seen =
      kind == cudaMemcpyHostToDevice ? std::string(source, bytes) : std::string();
  return queue(stream, {[=] {
                          const bool is_torn = kind == cudaMemcpyHostToDevice &&
                                               std::memcmp(seen.data(), from, bytes) != 0;
                          state().num_torn += is_torn ? 1 : 0;
                          std::memcpy(to, from, bytes);
                        },
                        nullptr, 0});
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  const Lock lock(state().mutex);
  return queue(stream, {[=] { std::memset(memory, value, bytes); }, nullptr, 0});
}

cudaError_t fake_func_set_attribute(const void* kernel, cudaFuncAttribute, int value) {
  const Lock lock(state().mutex);
  state().has_context[current_device] = true;
  ++state().num_attribute_calls;
  if (value > kMostShared) return told(cudaErrorInvalidValue);
  state().shared_limits[{kernel, current_device}] = value;
  return cudaSuccess;
}
cudaError_t fake_launch(const cudaLaunchConfig_t& config, const void* kernel) {
  const Lock lock(state().mutex);
  if (known(config.stream)->device != current_device) return told(cudaErrorInvalidResourceHandle);
  const auto asked = state().shared_limits.find({kernel, current_device});
  const std::size_t limit = asked == state().shared_limits.end()
                                ? kSharedWithoutAsking
                                : static_cast<std::size_t>(asked->second);
  if (config.dynamicSmemBytes > limit) return told(cudaErrorInvalidValue);
  ++state().num_launches;
  return queue(config.stream, {[] {}, nullptr, 0});
}
