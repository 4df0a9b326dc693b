#include "curate/gpu/compare_twin.h"

#include <mutex>

#include "common/gpu/shuffled.h"

namespace fastpass {
namespace {

class TwinCompareKernels : public CompareKernels {
 public:
  explicit TwinCompareKernels(std::uint64_t seed) : lanes_(seed) {}

  Status run(int num_blocks, const CompareCodes& program, Stream) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    lanes_.run(num_blocks, program);
    return {};
  }

 private:
  std::mutex mutex_;
  ShuffledLanes lanes_;
};

}  // namespace

std::unique_ptr<CompareKernels> make_twin_compare_kernels(std::uint64_t seed) {
  return std::make_unique<TwinCompareKernels>(seed);
}

}  // namespace fastpass
