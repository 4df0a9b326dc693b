// Views whose tiles are unusual: of huge and tiny sources, on devices of little shared memory.
#include <random>

#include "augment/draw_view.h"
#include "support/batch_render.h"
#include "support/check.h"

namespace fastpass {
namespace {

using fastpass_test::Batch;
using fastpass_test::random_spec;
using fastpass_test::Source;

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

// Each block keeps them beside its tile.
constexpr std::size_t kTables = 3 * sizeof(StoreTable);

// Tiles of part of the width.
void test_little_shared_memory() {
  const Source wide(3000, 260, 8), flat(200, 3000, 9);
  for (const std::size_t shared_bytes : {6000, 20000, 60000}) {
    std::mt19937 random(13);
    Batch batch(kTables + shared_bytes);
    for (int i = 0; i < 12; ++i) {
      ViewSpec spec = random_spec(&random);
      spec.blur_probability = 0.0;
      batch.add(spec, (i % 2 == 0 ? wide : flat).region, random());
    }
    batch.check({Dtype::kUint8, MemoryFormat::kContiguous, true});
    CHECK(batch.num_without_tiles() == 0);
  }
}

// Not even for the smallest tile, whichever pass comes first.
void test_no_room_for_tiles() {
  const Source square(600, 600, 19), tall(1500, 600, 20);
  CHECK(!is_vertical_first(600, 600, 32, 32) && is_vertical_first(1500, 600, 32, 32));
  Batch batch(kTables + 1500);
  for (const Source* source : {&square, &tall}) {
    for (const auto interpolation : {Interpolation::kBilinear, Interpolation::kBicubic}) {
      for (const bool is_flipped : {false, true}) {
        ViewSpec spec;
        spec.size = 32;
        spec.interpolation = interpolation;
        ViewParams params;
        params.height = source->region.height;
        params.width = source->region.width;
        params.resized_height = params.resized_width = spec.size;
        params.is_flipped = params.has_jitter = is_flipped;
        params.contrast = 1.5f;
        batch.add(spec, params, source->region);
      }
    }
  }
  batch.check(ViewFormat());
  CHECK(batch.num_without_tiles() == 8);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_extreme_sources();
  fastpass::test_little_shared_memory();
  fastpass::test_no_room_for_tiles();
  return RESULT();
}
