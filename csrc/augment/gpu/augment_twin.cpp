#include "augment/gpu/augment_twin.h"

#include <mutex>

#include "common/gpu/shuffled.h"

namespace fastpass {
namespace {

class TwinRenderKernels : public RenderKernels {
 public:
  explicit TwinRenderKernels(std::uint64_t seed) : lanes_(seed) {}

  Status run(const RenderPasses& passes, Stream) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    lanes_.run(passes.num_weigh_blocks, passes.weigh);
    lanes_.run(passes.num_tile_blocks, passes.tiles);
    lanes_.run(passes.num_contrast_blocks, passes.contrast);
    lanes_.run(passes.num_row_blocks, passes.blur_rows);
    lanes_.run(passes.num_column_blocks, passes.blur_columns);
    lanes_.run(passes.num_gaussian_blocks, passes.gaussian);
    return {};
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
