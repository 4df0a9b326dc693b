#include "decode/gpu/decode_twin.h"

#include <mutex>

#include "common/gpu/shuffled.h"

namespace fastpass {
namespace {

// Runs the passes on the CPU, lanes in a shuffled order.
class TwinDecodeKernels : public DecodeKernels {
 public:
  explicit TwinDecodeKernels(std::uint64_t seed) : lanes_(seed) {}

  Status run(const DecodePasses& passes, Stream) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    lanes_.map(passes.num_spans, passes.spans);
    lanes_.run(passes.num_scans, passes.scans);
    lanes_.run(passes.num_transform_blocks, passes.transform);
    lanes_.run(passes.num_color_blocks, passes.color);
    return {};
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
