// The host code of CUDA on a runtime that needs no GPU (fake_cuda.h): contexts, errors of calls
// that failed, launches from several threads, streams that are gone.
#include <cuda_runtime.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/gpu/block_program_cuda.cuh"
#include "common/gpu/device.h"
#include "common/gpu/fence.h"
#include "common/gpu/growing_memory.h"
#include "common/gpu/map_cuda.cuh"
#include "support/check.h"
#include "support/fake_cuda/fake_cuda.h"

namespace fastpass {
namespace {

std::unique_ptr<Device> open_device(int ordinal) {
  std::unique_ptr<Device> device;
  CHECK(make_cuda_device(ordinal, &device).ok());
  return device;
}

// A program that does nothing with as much shared memory as it is told.
struct Idle {
  static constexpr int kLanes = 32;
  std::int64_t bytes;
  std::int64_t shared_bytes() const { return bytes; }
  bool has_step(int, int, const std::uint8_t*) const { return false; }
  void run(int, int, int, std::uint8_t*) const {}
};
struct OtherIdle : Idle {};

void use_all_calls(Device* device) {
  void *memory = nullptr, *pinned = nullptr;
  Stream stream = nullptr;
  CHECK(device->allocate(64, &memory).ok());
  CHECK(device->allocate_pinned(64, &pinned).ok());
  CHECK(device->make_stream(&stream).ok());
  {
    Fence fence(device);
    CHECK(fence.open().ok());
    CHECK(device->copy_to_device(memory, pinned, 64, stream).ok());
    CHECK(device->clear(memory, 64, stream).ok());
    CHECK(device->copy_to_host(pinned, memory, 64, stream).ok());
    CHECK(fence.close({}, stream).ok());
    CHECK(fence.make_wait(stream).ok());
    bool has_happened = true;
    CHECK(fence.query(&has_happened).ok() && !has_happened);
    CHECK(fence.wait().ok());
    CHECK(fence.query(&has_happened).ok() && has_happened);
  }
  CHECK(device->finish_all().ok());
  CHECK(static_cast<const unsigned char*>(pinned)[63] == 0);
  device->free_stream(stream);
  device->free_pinned(pinned);
  device->free(memory);
  CHECK(cudaGetLastError() == cudaSuccess);
}

// A process of the second GPU opens nothing on the first.
void test_only_its_own_context() {
  fake_cuda::reset();
  const auto device = open_device(1);
  CHECK(!fake_cuda::has_context(0) && !fake_cuda::has_context(1));
  use_all_calls(device.get());
  std::thread([&] { use_all_calls(device.get()); }).join();
  CHECK(fake_cuda::has_context(1));
  CHECK(!fake_cuda::has_context(0));
}

// A caller who uses the first GPU finds it selected as before.
void test_the_callers_gpu_is_restored() {
  fake_cuda::reset();
  CHECK(cudaSetDevice(0) == cudaSuccess);
  use_all_calls(open_device(1).get());
  int current = -1;
  CHECK(cudaGetDevice(&current) == cudaSuccess && current == 0);
}

// What failed is told once; the calls after it, ours or another library's, are not blamed.
void test_errors_are_forgotten() {
  fake_cuda::reset();
  const auto device = open_device(0);
  void* memory = nullptr;
  fake_cuda::fail_at(1);
  const Status status = device->allocate(1 << 20, &memory);
  CHECK(status.fault() == Fault::kOutOfMemory);
  CHECK(status.message().find("1048576 bytes") != std::string::npos);
  CHECK(cudaGetLastError() == cudaSuccess);
  std::unique_ptr<Device> none;
  CHECK(make_cuda_device(7, &none).fault() == Fault::kDeviceFailed);
  CHECK(cudaGetLastError() == cudaSuccess);
}

// A launch tells its own error, and not that another library has left behind.
void test_launches_are_not_blamed() {
  fake_cuda::reset();
  CHECK(cudaSetDevice(9) == cudaErrorInvalidDevice);
  CHECK(run_on_gpu(3, Idle{100}, nullptr) == cudaSuccess);
  CHECK(map_on_gpu(1000, [](std::int64_t) {}, nullptr) == cudaSuccess);
  CHECK(fake_cuda::num_launches() == 2);
  fake_cuda::fail_at(1);
  CHECK(run_on_gpu(3, Idle{100}, nullptr) == cudaErrorLaunchFailure);
}

// Each thread launches with a shared size of its own, on both GPUs.
void test_shared_memory_of_several_threads() {
  fake_cuda::reset();
  std::vector<int> num_failed(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < num_failed.size(); ++thread) {
    threads.emplace_back([&num_failed, thread] {
      CHECK(cudaSetDevice(static_cast<int>(thread % 2)) == cudaSuccess);
      for (int i = 0; i < 500; ++i) {
        const Idle program{thread < 2 ? 60 * 1024 : 200 * 1024};
        num_failed[thread] += run_on_gpu(1, program, nullptr) != cudaSuccess;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int failed : num_failed) CHECK(failed == 0);
  // Of each GPU once, or twice where both of its threads were the first.
  CHECK(fake_cuda::num_attribute_calls() <= 4);
  CHECK(run_on_gpu(1, OtherIdle{{228 * 1024}}, nullptr) == cudaErrorInvalidValue);
}

// Neither an event that cannot be recorded nor a stream that is gone lets memory be used too early.
void test_a_fence_that_cannot_be_recorded() {
  for (const bool is_destroyed : {false, true}) {
    fake_cuda::reset();
    const auto device = open_device(0);
    Stream stream = nullptr;
    CHECK(device->make_stream(&stream).ok());
    GrowingMemory memory(device.get(), GrowingMemory::Kind::kDevice);
    GrowingMemory pinned(device.get(), GrowingMemory::Kind::kPinned);
    CHECK(memory.reserve(64).ok() && pinned.reserve(64).ok());
    Fence fence(device.get());
    CHECK(fence.open().ok());
    CHECK(device->copy_to_device(memory.data(), pinned.data(), 64, stream).ok());
    if (is_destroyed) device->free_stream(stream);
    if (!is_destroyed) fake_cuda::fail_at(1);
    CHECK(fence.close({}, stream).fault() == Fault::kDeviceFailed);
    CHECK(fence.wait().ok());
    CHECK(!fake_cuda::is_busy(stream));
    CHECK(cudaGetLastError() == cudaSuccess);
  }
}

// Memory that has grown to the largest need waits for the device no more.
void test_only_growth_waits_for_the_device() {
  fake_cuda::reset();
  const auto device = open_device(0);
  GrowingMemory memory(device.get(), GrowingMemory::Kind::kDevice);
  for (const std::size_t bytes : {100, 1000, 1000, 1200}) CHECK(memory.reserve(bytes).ok());
  CHECK(fake_cuda::num_device_waits() == 1);
  CHECK(memory.reserve(500).ok() && fake_cuda::num_device_waits() == 1);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_only_its_own_context();
  fastpass::test_the_callers_gpu_is_restored();
  fastpass::test_errors_are_forgotten();
  fastpass::test_launches_are_not_blamed();
  fastpass::test_shared_memory_of_several_threads();
  fastpass::test_a_fence_that_cannot_be_recorded();
  fastpass::test_only_growth_waits_for_the_device();
  return RESULT();
}
