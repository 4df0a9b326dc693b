// BatchRenderer on the twin of a GPU, lanes in a shuffled order, against ViewRenderer: the same
// bytes for everything that a recipe can ask for.
#include <random>
#include <vector>

#include "augment/cpu/view_renderer.h"
#include "support/batch_render.h"
#include "support/check.h"

namespace fastpass {
namespace {

using fastpass_test::Batch;
using fastpass_test::random_spec;
using fastpass_test::Source;

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

// A view of all of the source, resized to `size`.
ViewParams whole_view(const Source& source, int size) {
  ViewParams params;
  params.height = source.region.height;
  params.width = source.region.width;
  params.resized_height = params.resized_width = size;
  return params;
}

// Radii of 0 and 1, as recipes draw them, and larger ones, beyond the line's length too; lines that
// are shorter than one run of a lane, and longer by one.
void test_every_blur_radius() {
  const Source source(40, 50, 23);
  Batch batch;
  std::vector<bool> has_radius(3, false);
  for (const int size : {1, 2, 3, 7, 8, 9, 16, 33, 96, 225}) {
    for (const float sigma : {0.1f, 0.7f, 0.9f, 1.3f, 1.9f, 2.6f, 5.0f, 40.0f}) {
      ViewSpec spec;
      spec.size = size;
      ViewParams params = whole_view(source, size);
      params.blur_sigma = sigma;
      const auto radius = static_cast<std::size_t>(make_box_blur(sigma).radius);
      has_radius[radius < 3 ? radius : 2] = true;
      batch.add(spec, params, source.region);
    }
  }
  for (const bool has : has_radius) CHECK(has);
  batch.check({Dtype::kUint8, MemoryFormat::kContiguous, true});
}

// All values of a pixel in all types, by a store that follows the resize and one that follows a
// blur.
void test_every_stored_value() {
  Source source(16, 48, 24);
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 48; ++x) {
      source.region.pixels.row(y)[3 * x] = source.region.pixels.row(y)[3 * x + 1] =
          source.region.pixels.row(y)[3 * x + 2] = static_cast<std::uint8_t>(16 * y + x % 16);
    }
  }
  Batch batch;
  for (const Dtype dtype : {Dtype::kUint8, Dtype::kFloat16, Dtype::kBfloat16, Dtype::kFloat32}) {
    for (const auto order : {MemoryFormat::kContiguous, MemoryFormat::kChannelsLast}) {
      for (const bool is_solarized : {false, true}) {
        for (const float sigma : {0.0f, 0.05f}) {
          ViewSpec spec;
          spec.size = 16;
          spec.solarize_threshold = 128;
          ViewParams params = whole_view(source, 16);
          params.width = 16;
          params.is_solarized = is_solarized;
          params.blur_sigma = sigma;
          batch.add(spec, params, source.region);
        }
      }
      batch.check({dtype, order, true});
    }
  }
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
  fastpass::test_refusals();
  fastpass::test_every_blur_radius();
  fastpass::test_every_stored_value();
  fastpass::test_memory_stays_flat();
  return RESULT();
}
