#include <mutex>

#include "common/gpu/shuffled.h"
#include "curate/gpu/gpu_search.h"

namespace fastpass {
namespace {

class TwinSearchKernels : public SearchKernels {
 public:
  explicit TwinSearchKernels(std::uint64_t seed) : lanes_(seed) {}

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

std::unique_ptr<SearchKernels> make_twin_search_kernels(std::uint64_t seed) {
  return std::make_unique<TwinSearchKernels>(seed);
}

}  // namespace fastpass
