#include <mutex>

#include "common/gpu/shuffled.h"
#include "decode/gpu/gpu_passes.h"

namespace fastpass {
namespace {

class TwinDecodeKernels : public DecodeKernels {
 public:
  explicit TwinDecodeKernels(std::uint64_t seed) : lanes_(seed) {}

  Status run(const DecodePasses& passes, Stream) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto map = [this](std::int64_t num_lanes, const auto& functor, const char*) {
      lanes_.map(num_lanes, functor);
      return Status();
    };
    const auto run = [this](int num_blocks, const auto& program, const char*) {
      lanes_.run(num_blocks, program);
      return Status();
    };
    return for_each_pass(passes, map, run);
  }

 private:
  std::mutex mutex_;
  ShuffledLanes lanes_;
};

}  // namespace

std::unique_ptr<DecodeKernels> make_twin_decode_kernels(std::uint64_t seed) {
  return std::make_unique<TwinDecodeKernels>(seed);
}

}  // namespace fastpass
