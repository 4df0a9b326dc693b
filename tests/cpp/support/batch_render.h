// Batches rendered on the twin of a GPU, lanes in a shuffled order, against ViewRenderer: for
// tests.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "augment/cpu/view_renderer.h"
#include "augment/draw_view.h"
#include "augment/gpu/batch_renderer.h"
#include "augment/gpu/gpu_passes.h"
#include "common/gpu/device_twin.h"
#include "support/check.h"

namespace fastpass_test {

using namespace fastpass;

using Bytes = std::vector<std::uint8_t>;

struct Source {
  Source(int height, int width, unsigned seed) {
    std::mt19937 random(seed);
    // Rows with a margin, whose bytes nobody may look at.
    const int stride = 3 * width + static_cast<int>(random() % 5);
    pixels.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(stride));
    for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>(random());
    region = whole_image({pixels.data(), height, width, 3, stride});
  }
  Bytes pixels;
  SourceRegion region;
};

// A view and what it must become.
struct Case {
  ViewSpec spec;
  ViewParams params;
  SourceRegion source;
  Bytes out;
  Bytes expected;
};

// The twin, on a device that would refuse to launch a block with more shared memory than it has.
class LimitedKernels : public RenderKernels {
 public:
  LimitedKernels(std::size_t max_shared_bytes, std::uint64_t seed)
      : most_(static_cast<std::int64_t>(max_shared_bytes)), twin_(make_twin_render_kernels(seed)) {}

  Status run(const RenderPasses& passes, Stream stream) override {
    for (int i = 0; i < passes.tiles.num_tasks; ++i) {
      num_without_tiles_ += passes.tiles.views[passes.tiles.view_of[i]].tile_rows == 0;
    }
    CHECK(passes.tiles.shared_bytes() <= most_);
    CHECK(passes.blur_rows.shared_bytes() <= most_);
    CHECK(passes.blur_columns.shared_bytes() <= most_);
    CHECK(passes.gaussian.shared_bytes() <= most_);
    return twin_->run(passes, stream);
  }
  int num_without_tiles() const { return num_without_tiles_; }

 private:
  int num_without_tiles_ = 0;
  const std::int64_t most_;
  const std::unique_ptr<RenderKernels> twin_;
};

class Batch {
 public:
  explicit Batch(std::size_t max_shared_bytes = 227 * 1024, std::uint64_t seed = 1)
      : device_(max_shared_bytes),
        kernels_(max_shared_bytes, seed),
        renderer_(&device_, &kernels_) {}

  void add(const ViewSpec& spec, const SourceRegion& source, std::uint64_t sample) {
    ViewParams params;
    CHECK(draw_view(spec, source.height, source.width, {7, sample, 0, 0}, &params).ok());
    add(spec, params, source);
  }
  void add(const ViewSpec& spec, const ViewParams& params, const SourceRegion& source) {
    cases_.push_back({spec, params, source, {}, {}});
  }

  void check(const ViewFormat& format) {
    std::vector<ViewTask> tasks;
    for (Case& each : cases_) {
      const auto size = static_cast<std::size_t>(each.spec.size);
      // A byte more: nothing may be written behind the view.
      const std::size_t bytes = 3 * size * size * dtype_bytes(format.dtype);
      each.out.assign(bytes + 1, 0xEE);
      each.expected.assign(bytes + 1, 0xEE);
      CHECK(cpu_.render(each.source, each.spec, each.params, format, each.expected.data()).ok());
      tasks.push_back({each.source, &each.spec, each.params, each.out.data()});
    }
    CHECK(renderer_.queue(tasks, format, nullptr).ok());
    for (const Case& each : cases_) CHECK(each.out == each.expected);
    cases_.clear();
  }
  std::size_t bytes_held() const { return renderer_.bytes_held(); }
  int num_without_tiles() const { return kernels_.num_without_tiles(); }
  Status queue(const std::vector<ViewTask>& tasks) {
    return renderer_.queue(tasks, ViewFormat(), nullptr);
  }

 private:
  TwinDevice device_;
  LimitedKernels kernels_;
  BatchRenderer renderer_;
  ViewRenderer cpu_;
  std::vector<Case> cases_;
};

inline ViewSpec random_spec(std::mt19937* random) {
  const auto draw = [random](unsigned n) { return static_cast<int>((*random)() % n); };
  const auto chance = [&] { return draw(2) == 0 ? 0.0 : 0.6; };
  ViewSpec spec;
  // Of the recipes, beside those of a tile, and wider than a block has lanes.
  const int sizes[] = {1, 2, 31, 32, 33, 64, 96, 100, 224, 300};
  spec.size = sizes[draw(10)];
  spec.crop = draw(5) == 0 ? CropKind::kCenter : CropKind::kRandomResized;
  spec.resize = spec.size + draw(40);
  spec.interpolation = draw(2) == 0 ? Interpolation::kBilinear : Interpolation::kBicubic;
  spec.jitter_probability = chance();
  spec.brightness = 0.4 * draw(3);
  spec.contrast = 0.4 * draw(3);
  spec.saturation = 0.2 * draw(3);
  spec.hue = 0.1 * draw(3);
  spec.grayscale_probability = chance() / 3;
  spec.solarize_probability = chance();
  spec.blur_probability = chance();
  spec.blur_sigma_max = draw(4) == 0 ? 9.0 : 2.0;
  if (draw(2) == 0) {
    spec.blur_kind = BlurKind::kGaussian;
    spec.blur_kernel_size = 3 + 2 * draw(6);
    const bool can_reflect = spec.size > spec.blur_kernel_size / 2;
    spec.blur_border = can_reflect && draw(2) == 0 ? BlurBorder::kReflect : BlurBorder::kZero;
  }
  return spec;
}

}  // namespace fastpass_test
