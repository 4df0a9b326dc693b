// BatchRenderer on the twin of a GPU, lanes in a shuffled order, against ViewRenderer: the same
// bytes for everything that a recipe can ask for.
#include <memory>
#include <random>
#include <vector>

#include "augment/augment_twin.h"
#include "augment/batch_renderer.h"
#include "augment/render.h"
#include "check.h"
#include "common/device_twin.h"

namespace fastpass {
namespace {

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
    CHECK(passes.tiles.shared_bytes() <= most_);
    CHECK(passes.blur_rows.shared_bytes() <= most_);
    CHECK(passes.blur_columns.shared_bytes() <= most_);
    CHECK(passes.gaussian.shared_bytes() <= most_);
    return twin_->run(passes, stream);
  }

 private:
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

ViewSpec random_spec(std::mt19937* random) {
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

std::vector<ViewFormat> all_formats() {
  std::vector<ViewFormat> formats;
  for (const Dtype dtype : {Dtype::kUint8, Dtype::kFloat16, Dtype::kBfloat16, Dtype::kFloat32}) {
    for (const MemoryFormat memory : {MemoryFormat::kContiguous, MemoryFormat::kChannelsLast}) {
      formats.push_back({dtype, memory, true});
    }
  }
  formats.push_back({Dtype::kFloat32, MemoryFormat::kContiguous, false});
  return formats;
}

void test_random_views() {
  std::mt19937 random(11);
  const Source sources[] = {{211, 300, 1}, {97, 64, 2}, {1, 1, 3}, {40, 700, 4}, {700, 40, 5}};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Batch batch(227 * 1024, seed);
    for (const ViewFormat& format : all_formats()) {
      for (int i = 0; i < 24; ++i) {
        batch.add(random_spec(&random), sources[random() % 5].region, random());
      }
      batch.check(format);
    }
  }
}

// As the loader has it: a region of the image, at a DCT scale, with boxes given at full scale.
void test_regions() {
  std::mt19937 random(12);
  Batch batch;
  const Source decoded(120, 150, 6);
  for (int i = 0; i < 60; ++i) {
    SourceRegion region = decoded.region;
    region.scale_denominator = 1 << random() % 4;
    region.top = 10;
    region.left = 20;
    region.height = 150 * region.scale_denominator;
    region.width = 190 * region.scale_denominator;
    ViewSpec spec = random_spec(&random);
    ViewParams params;
    params.resized_height = params.resized_width = spec.size;
    params.top = 10 * region.scale_denominator + static_cast<int>(random() % 30);
    params.left = 20 * region.scale_denominator + static_cast<int>(random() % 30);
    params.height = 1 + static_cast<int>(random() % (80 * region.scale_denominator));
    params.width = 1 + static_cast<int>(random() % (100 * region.scale_denominator));
    params.is_flipped = i % 2 == 0;
    batch.add(spec, params, region);
  }
  batch.check(ViewFormat());
}

// Shrinking the height most: the vertical pass comes first.
void test_vertical_first() {
  const Source tall(900, 50, 7);
  Batch batch;
  for (int size : {16, 48}) {
    ViewSpec spec;
    spec.size = size;
    for (const bool is_flipped : {false, true}) {
      ViewParams params;
      params.height = 900;
      params.width = 50;
      params.resized_height = params.resized_width = size;
      params.is_flipped = is_flipped;
      CHECK(is_vertical_first(900, 50, size, size));
      batch.add(spec, params, tall.region);
    }
  }
  batch.check(ViewFormat());
}

// As long as JPEGs get, one pixel wide, and one pixel blown up.
void test_extreme_sources() {
  const Source sources[] = {{1, 65535, 14}, {65535, 1, 15}, {1, 1, 16}, {3, 20000, 17}};
  Batch batch;
  std::mt19937 random(18);
  for (const Source& source : sources) {
    for (const int size : {1, 7, 300}) {
      ViewSpec spec = random_spec(&random);
      spec.size = size;
      spec.crop = CropKind::kRandomResized;
      spec.blur_kind = BlurKind::kPillow;
      ViewParams whole;
      CHECK(draw_view(spec, source.region.height, source.region.width, {7, random(), 0, 0}, &whole)
                .ok());
      batch.add(spec, whole, source.region);
      whole.top = whole.left = 0;
      whole.height = source.region.height;
      whole.width = source.region.width;
      batch.add(spec, whole, source.region);
    }
  }
  batch.check(ViewFormat());
}

// Tiles of part of the width, and views of which no tile fits.
void test_little_shared_memory() {
  const Source wide(3000, 260, 8), flat(200, 3000, 9);
  for (const std::size_t shared_bytes : {6000, 20000, 60000}) {
    std::mt19937 random(13);
    Batch batch(shared_bytes);
    for (int i = 0; i < 12; ++i) {
      ViewSpec spec = random_spec(&random);
      spec.blur_probability = 0.0;
      batch.add(spec, (i % 2 == 0 ? wide : flat).region, random());
    }
    batch.check({Dtype::kUint8, MemoryFormat::kContiguous, true});
  }
}

void test_refusals() {
  const Source source(50, 60, 10);
  Batch batch;
  ViewRenderer cpu;
  ViewSpec spec;
  spec.size = 8;
  std::vector<float> out(3 * 8 * 8);
  ViewParams params;
  params.height = params.width = 20;
  params.resized_height = params.resized_width = 8;
  const auto check = [&](const SourceRegion& region) {
    const Status expected = cpu.render(region, spec, params, ViewFormat(), out.data());
    const Status status = batch.queue({{region, &spec, params, out.data()}});
    CHECK(!expected.ok() && status.fault() == expected.fault());
    CHECK(status.message() == expected.message());
  };
  params.top = 31;
  check(source.region);
  params.top = 0;
  params.blur_sigma = -1.0f;
  check(source.region);
  params.blur_sigma = 0.0f;
  spec.size = 0;
  check(source.region);
  spec.size = 8;
  SourceRegion none = source.region;
  none.pixels.data = nullptr;
  check(none);
  CHECK(batch.queue({}).ok());
}

void test_memory_stays_flat() {
  const Source source(100, 100, 11);
  Batch batch;
  std::size_t held = 0;
  for (int round = 0; round < 4; ++round) {
    for (std::uint64_t sample = 0; sample < 10; ++sample) {
      ViewSpec spec;
      spec.size = 64;
      spec.blur_probability = spec.jitter_probability = 1.0;
      spec.contrast = 0.5;
      batch.add(spec, source.region, sample);
    }
    batch.check(ViewFormat());
    if (round == 0) held = batch.bytes_held();
    CHECK(batch.bytes_held() == held);
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_random_views();
  fastpass::test_regions();
  fastpass::test_vertical_first();
  fastpass::test_extreme_sources();
  fastpass::test_little_shared_memory();
  fastpass::test_refusals();
  fastpass::test_memory_stays_flat();
  return RESULT();
}
