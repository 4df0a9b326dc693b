#include <mutex>

#include "augment/gpu/gpu_passes.h"
#include "common/gpu/shuffled.h"

namespace fastpass {
namespace {

class TwinRenderKernels : public RenderKernels {
 public:
  explicit TwinRenderKernels(std::uint64_t seed) : lanes_(seed) {}

  Status run(const RenderPasses& passes, Stream) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return for_each_pass(passes, [this](int num_blocks, const auto& program, const char*) {
      lanes_.run(num_blocks, program);
      return Status();
    });
  }

 private:
  std::mutex mutex_;
  ShuffledLanes lanes_;
};

}  // namespace

std::unique_ptr<RenderKernels> make_twin_render_kernels(std::uint64_t seed) {
  return std::make_unique<TwinRenderKernels>(seed);
}

}  // namespace fastpass
