#include "curate/gpu/gpu_search.h"

#include <algorithm>
#include <string>

namespace fastpass {
namespace {

using Kind = GrowingMemory::Kind;

// Codes of either side of a launch: enough to fill a GPU for milliseconds.
constexpr std::int64_t kTile = 1 << 16;
constexpr unsigned int kFirstCapacity = 1 << 14;  // grows as it must

// Streams and events that go with the call.
class GpuCall {
 public:
  explicit GpuCall(Device* device) : device_(device) {}
  ~GpuCall() {
    if (done_ != nullptr) {
      static_cast<void>(device_->synchronize(done_));
      device_->free_event(done_);
    }
    if (stream_ != nullptr) device_->free_stream(stream_);
  }
  GpuCall(const GpuCall&) = delete;
  GpuCall& operator=(const GpuCall&) = delete;

  Status open() {
    FASTPASS_RETURN_IF_ERROR(device_->make_stream(&stream_));
    return device_->make_event(&done_);
  }
  Status finish() {
    FASTPASS_RETURN_IF_ERROR(device_->record(done_, stream_));
    return device_->synchronize(done_);
  }
  Stream stream() const { return stream_; }

 private:
  Device* const device_;
  Stream stream_ = nullptr;
  Event done_ = nullptr;
};

Status upload(Device* device, const CodeArray& codes, GpuCall* call, GrowingMemory* pinned,
              GrowingMemory* memory) {
  const std::size_t bytes =
      codes.size * static_cast<std::size_t>(codes.num_words) * sizeof(std::uint64_t);
  FASTPASS_RETURN_IF_ERROR(pinned->reserve(std::max<std::size_t>(bytes, 1)));
  FASTPASS_RETURN_IF_ERROR(memory->reserve(std::max<std::size_t>(bytes, 1)));
  auto* planes = reinterpret_cast<std::uint64_t*>(pinned->data());
  for (std::size_t i = 0; i < codes.size; ++i) {
    for (int w = 0; w < codes.num_words; ++w) {
      planes[static_cast<std::size_t>(w) * codes.size + i] = codes.code(i)[w];
    }
  }
  return device->copy_to_device(memory->data(), pinned->data(), bytes, call->stream());
}

}  // namespace

Status find_on_device(Device* device, CompareKernels* kernels, const CodeArray& a,
                      const CodeArray* b, int radius, std::size_t max_pairs,
                      std::vector<IdPair>* pairs) {
  if (a.num_words > kMaxDeviceWords) {
    return {Fault::kBadArgument, "codes of " + std::to_string(64 * a.num_words) +
                                     " bits, a GPU compares at most " +
                                     std::to_string(64 * kMaxDeviceWords)};
  }
  GpuCall call(device);
  FASTPASS_RETURN_IF_ERROR(call.open());
  GrowingMemory pinned_a(device, Kind::kPinned), pinned_b(device, Kind::kPinned);
  GrowingMemory codes_a(device, Kind::kDevice), codes_b(device, Kind::kDevice);
  GrowingMemory found(device, Kind::kDevice), found_pinned(device, Kind::kPinned);
  GrowingMemory count(device, Kind::kDevice), count_pinned(device, Kind::kPinned);
  FASTPASS_RETURN_IF_ERROR(upload(device, a, &call, &pinned_a, &codes_a));
  if (b != nullptr) FASTPASS_RETURN_IF_ERROR(upload(device, *b, &call, &pinned_b, &codes_b));
  FASTPASS_RETURN_IF_ERROR(count.reserve(sizeof(unsigned int)));
  FASTPASS_RETURN_IF_ERROR(count_pinned.reserve(sizeof(unsigned int)));
  const auto size_a = static_cast<std::int64_t>(a.size);
  const auto size_b = static_cast<std::int64_t>(b != nullptr ? b->size : a.size);

  CompareCodes program{};
  program.a = reinterpret_cast<const std::uint64_t*>(codes_a.data());
  program.b = b != nullptr ? reinterpret_cast<const std::uint64_t*>(codes_b.data()) : program.a;
  program.stride_a = size_a;
  program.stride_b = size_b;
  program.num_words = a.num_words;
  program.radius = radius;
  program.is_upper = b == nullptr;
  program.num_pairs = reinterpret_cast<unsigned int*>(count.data());
  program.capacity = kFirstCapacity;
  pairs->clear();
  for (program.begin_a = 0; program.begin_a < size_a; program.begin_a += kTile) {
    program.end_a = std::min(size_a, program.begin_a + kTile);
    const std::int64_t begin = b == nullptr ? program.begin_a : 0;
    for (program.begin_b = begin; program.begin_b < size_b;) {
      program.end_b = std::min(size_b, program.begin_b + kTile);
      FASTPASS_RETURN_IF_ERROR(found.reserve(program.capacity * sizeof(FoundPair)));
      FASTPASS_RETURN_IF_ERROR(found_pinned.reserve(program.capacity * sizeof(FoundPair)));
      program.pairs = reinterpret_cast<FoundPair*>(found.data());
      FASTPASS_RETURN_IF_ERROR(device->clear(count.data(), sizeof(unsigned int), call.stream()));
      const auto num_blocks = static_cast<int>(program.blocks_across() * program.blocks_down());
      FASTPASS_RETURN_IF_ERROR(kernels->run(num_blocks, program, call.stream()));
      FASTPASS_RETURN_IF_ERROR(device->copy_to_host(count_pinned.data(), count.data(),
                                                    sizeof(unsigned int), call.stream()));
      FASTPASS_RETURN_IF_ERROR(call.finish());
      const unsigned int num_found = *reinterpret_cast<unsigned int*>(count_pinned.data());
      if (pairs->size() + num_found > max_pairs) {
        return {Fault::kOutOfMemory, "more than " + std::to_string(max_pairs) +
                                         " pairs within the radius: take a smaller one"};
      }
      if (num_found > program.capacity) {  // again, with room for all of them
        program.capacity = num_found;
        continue;
      }
      const std::size_t bytes = num_found * sizeof(FoundPair);
      if (bytes > 0) {
        FASTPASS_RETURN_IF_ERROR(
            device->copy_to_host(found_pinned.data(), found.data(), bytes, call.stream()));
        FASTPASS_RETURN_IF_ERROR(call.finish());
      }
      const auto* here = reinterpret_cast<const FoundPair*>(found_pinned.data());
      for (unsigned int i = 0; i < num_found; ++i) {
        pairs->push_back({here[i].first, here[i].second, here[i].distance});
      }
      program.begin_b = program.end_b;
    }
  }
  std::sort(pairs->begin(), pairs->end());
  return {};
}

}  // namespace fastpass
