#include "curate/gpu/gpu_search.h"

#include <algorithm>
#include <string>

#include "common/gpu/fence.h"

namespace fastpass {
namespace {

using Kind = GrowingMemory::Kind;

// Codes of either side of a launch: enough to fill a GPU for milliseconds.
constexpr std::int64_t kTile = 1 << 15;
constexpr unsigned int kFirstCapacity = 1 << 14;  // pairs of a launch; grows as it must
constexpr unsigned int kMostCapacity = 1 << 26;   // more are found in two launches

// The stream of a call. However the call ends, it goes when all that is queued has run.
class GpuCall {
 public:
  explicit GpuCall(Device* device) : device_(device), done_(device) {}
  ~GpuCall() {
    if (stream_ == nullptr) return;
    static_cast<void>(finish());
    device_->free_stream(stream_);
  }
  GpuCall(const GpuCall&) = delete;
  GpuCall& operator=(const GpuCall&) = delete;

  Status open() {
    FASTPASS_RETURN_IF_ERROR(done_.open());
    return device_->make_stream(&stream_);
  }
  Status finish() {
    FASTPASS_RETURN_IF_ERROR(done_.close({}, stream_));
    return done_.wait();
  }
  Stream stream() const { return stream_; }

 private:
  Device* const device_;
  Stream stream_ = nullptr;
  Fence done_;
};

// Codes in the GPU's memory, a plane per word.
class UploadedCodes {
 public:
  explicit UploadedCodes(Device* device)
      : device_(device), pinned_(device, Kind::kPinned), codes_(device, Kind::kDevice) {}

  // The codes at the places `chosen`; all of them where it is nullptr.
  Status upload(const CodeArray& codes, const std::vector<std::uint32_t>* chosen, Stream stream) {
    size_ = chosen != nullptr ? chosen->size() : codes.size;
    const std::size_t bytes =
        size_ * static_cast<std::size_t>(codes.num_words) * sizeof(std::uint64_t);
    FASTPASS_RETURN_IF_ERROR(pinned_.reserve(std::max<std::size_t>(bytes, 1)));
    FASTPASS_RETURN_IF_ERROR(codes_.reserve(std::max<std::size_t>(bytes, 1)));
    auto* planes = reinterpret_cast<std::uint64_t*>(pinned_.data());
    for (std::size_t i = 0; i < size_; ++i) {
      const std::uint64_t* code = codes.code(chosen != nullptr ? (*chosen)[i] : i);
      for (int w = 0; w < codes.num_words; ++w) {
        planes[static_cast<std::size_t>(w) * size_ + i] = code[w];
      }
    }
    return device_->copy_to_device(codes_.data(), pinned_.data(), bytes, stream);
  }
  std::int64_t size() const { return static_cast<std::int64_t>(size_); }
  const std::uint64_t* planes() const {
    return reinterpret_cast<const std::uint64_t*>(codes_.data());
  }

 private:
  Device* const device_;
  GrowingMemory pinned_, codes_;
  std::size_t size_ = 0;
};

// Where the pairs of a launch go: memory of the GPU, and of the host to read it.
class FoundPairs {
 public:
  explicit FoundPairs(Device* device)
      : device_(device),
        found_(device, Kind::kDevice),
        found_pinned_(device, Kind::kPinned),
        count_(device, Kind::kDevice),
        count_pinned_(device, Kind::kPinned) {}

  Status prepare(unsigned int capacity, CompareCodes* program, Stream stream) {
    FASTPASS_RETURN_IF_ERROR(found_.reserve(capacity * sizeof(FoundPair)));
    FASTPASS_RETURN_IF_ERROR(found_pinned_.reserve(capacity * sizeof(FoundPair)));
    FASTPASS_RETURN_IF_ERROR(count_.reserve(sizeof(unsigned int)));
    FASTPASS_RETURN_IF_ERROR(count_pinned_.reserve(sizeof(unsigned int)));
    program->pairs = reinterpret_cast<FoundPair*>(found_.data());
    program->num_pairs = reinterpret_cast<unsigned int*>(count_.data());
    program->capacity = capacity;
    return device_->clear(count_.data(), sizeof(unsigned int), stream);
  }
  Status read_count(GpuCall* call, unsigned int* count) {
    FASTPASS_RETURN_IF_ERROR(device_->copy_to_host(count_pinned_.data(), count_.data(),
                                                   sizeof(unsigned int), call->stream()));
    FASTPASS_RETURN_IF_ERROR(call->finish());
    *count = *reinterpret_cast<unsigned int*>(count_pinned_.data());
    return {};
  }
  Status read_pairs(GpuCall* call, unsigned int count) {
    if (count == 0) return {};
    FASTPASS_RETURN_IF_ERROR(device_->copy_to_host(found_pinned_.data(), found_.data(),
                                                   count * sizeof(FoundPair), call->stream()));
    return call->finish();
  }
  const FoundPair* pairs() const {
    return reinterpret_cast<const FoundPair*>(found_pinned_.data());
  }

 private:
  Device* const device_;
  GrowingMemory found_, found_pinned_, count_, count_pinned_;
};

// Compares one tile with another, again with more room where the first was too little; `report`
// gets the pairs.
template <typename Report>
Status compare_tile(SearchKernels* kernels, GpuCall* call, FoundPairs* found, CompareCodes program,
                    const Report& report) {
  unsigned int count = 0;
  for (unsigned int capacity = kFirstCapacity;; capacity = count) {
    FASTPASS_RETURN_IF_ERROR(found->prepare(capacity, &program, call->stream()));
    const auto num_blocks = static_cast<int>(program.blocks_across() * program.blocks_down());
    FASTPASS_RETURN_IF_ERROR(kernels->run(num_blocks, program, call->stream()));
    FASTPASS_RETURN_IF_ERROR(found->read_count(call, &count));
    if (count <= capacity) break;
    const std::int64_t rows = program.end_a - program.begin_a;
    if (count > kMostCapacity && rows > 1) {
      CompareCodes upper = program, lower = program;
      upper.end_a = lower.begin_a = program.begin_a + rows / 2;
      FASTPASS_RETURN_IF_ERROR(compare_tile(kernels, call, found, upper, report));
      return compare_tile(kernels, call, found, lower, report);
    }
  }
  FASTPASS_RETURN_IF_ERROR(found->read_pairs(call, count));
  report(found->pairs(), count);
  return {};
}

// `second` nullptr: within `first`. `report(pairs, count)` for every tile.
template <typename Report>
Status compare_all(Device* device, SearchKernels* kernels, GpuCall* call, int num_words,
                   const UploadedCodes& first, const UploadedCodes* second, int radius,
                   const Report& report) {
  const UploadedCodes& other = second != nullptr ? *second : first;
  CompareCodes program{};
  program.a = first.planes();
  program.b = other.planes();
  program.stride_a = first.size();
  program.stride_b = other.size();
  program.num_words = num_words;
  program.radius = radius;
  program.is_upper = second == nullptr;
  FoundPairs found(device);
  for (program.begin_a = 0; program.begin_a < first.size(); program.begin_a += kTile) {
    program.end_a = std::min(first.size(), program.begin_a + kTile);
    program.begin_b = second == nullptr ? program.begin_a : 0;
    for (; program.begin_b < other.size(); program.begin_b += kTile) {
      program.end_b = std::min(other.size(), program.begin_b + kTile);
      FASTPASS_RETURN_IF_ERROR(compare_tile(kernels, call, &found, program, report));
    }
  }
  return {};
}

Status check_words(const CodeArray& codes) {
  if (codes.num_words <= kMaxGpuWords) return {};
  return {Fault::kBadArgument, "codes of " + std::to_string(64 * codes.num_words) +
                                   " bits, a GPU compares at most " +
                                   std::to_string(64 * kMaxGpuWords)};
}

// Hands the pairs of a tile on, under the numbers `ids` of both sides (nullptr: their places).
void hand_on(const FoundPair* found, unsigned int count, const std::vector<std::uint32_t>* ids,
             PairCollector* pairs) {
  const auto id = [ids](std::uint32_t place) { return ids != nullptr ? (*ids)[place] : place; };
  std::vector<IdPair> here(count);
  for (unsigned int i = 0; i < count; ++i) {
    here[i] = {id(found[i].first), id(found[i].second), found[i].distance};
  }
  pairs->add(&here);
}

}  // namespace

Status find_within_on_gpu(Device* device, SearchKernels* kernels, const CodeArray& codes,
                          const std::vector<std::uint32_t>& chosen, int radius,
                          PairCollector* pairs) {
  FASTPASS_RETURN_IF_ERROR(check_words(codes));
  UploadedCodes uploaded(device);
  GpuCall call(device);  // goes before the memory it uses
  FASTPASS_RETURN_IF_ERROR(call.open());
  FASTPASS_RETURN_IF_ERROR(uploaded.upload(codes, &chosen, call.stream()));
  return compare_all(
      device, kernels, &call, codes.num_words, uploaded, nullptr, radius,
      [&](const FoundPair* found, unsigned int count) { hand_on(found, count, &chosen, pairs); });
}

Status find_between_on_gpu(Device* device, SearchKernels* kernels, const CodeArray& queries,
                           const CodeArray& codes, int radius, PairCollector* pairs) {
  FASTPASS_RETURN_IF_ERROR(check_words(queries));
  UploadedCodes first(device), second(device);
  GpuCall call(device);  // goes before the memory it uses
  FASTPASS_RETURN_IF_ERROR(call.open());
  FASTPASS_RETURN_IF_ERROR(first.upload(queries, nullptr, call.stream()));
  FASTPASS_RETURN_IF_ERROR(second.upload(codes, nullptr, call.stream()));
  return compare_all(
      device, kernels, &call, codes.num_words, first, &second, radius,
      [&](const FoundPair* found, unsigned int count) { hand_on(found, count, nullptr, pairs); });
}

}  // namespace fastpass
