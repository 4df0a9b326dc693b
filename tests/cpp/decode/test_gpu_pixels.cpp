// The transform of a device against the formulas of idct.h, for coefficients that no sound file has
// as well; and the data that ends at the edge of a part.
#include <cstring>
#include <random>
#include <vector>

#include "common/gpu/shuffled.h"
#include "decode/gpu/gpu_pixels.h"
#include "decode/gpu/gpu_scan.h"
#include "decode/syntax/jpeg_markers.h"
#include "support/batch_decode.h"
#include "support/made_jpeg.h"

namespace fastpass {
namespace {

constexpr int kWide = 5, kHigh = 11;  // blocks

void transform_one(const std::int16_t* block, const std::uint16_t* quant, int log2_side,
                   std::uint8_t* out, int stride) {
  if (log2_side == 3) return idct_8x8(block, 8, quant, out, stride);
  if (log2_side == 2) return idct_4x4(block, 8, quant, out, stride);
  if (log2_side == 1) return idct_2x2(block, 8, quant, out, stride);
  out[0] = idct_1x1(block[0], quant[0]);
}

// Blocks of all kinds: empty but for a row or a coefficient, small values, the largest.
std::vector<std::int16_t> make_blocks(std::mt19937* random) {
  std::vector<std::int16_t> blocks(64 * kWide * kHigh);
  for (std::size_t block = 0; block < blocks.size() / 64; ++block) {
    std::int16_t* values = blocks.data() + 64 * block;
    const bool is_large = block % 2 == 0;
    for (std::size_t i = 0; i < 64; ++i) {
      const bool is_kept = block % 7 == 0   ? i < 8
                           : block % 7 == 1 ? i / 8 == 4 || i == 0
                           : block % 7 == 2 ? i == block % 64
                                            : (*random)() % 3 == 0;
      const int range = is_large ? 65536 : 64;
      const int value = static_cast<int>((*random)() % static_cast<unsigned>(range)) - range / 2;
      values[i] = static_cast<std::int16_t>(is_kept ? value : 0);
    }
  }
  return blocks;
}

void test_transforms() {
  std::mt19937 random(21);
  ShuffledLanes lanes(1);
  for (int round = 0; round < 40; ++round) {
    for (int log2_side = 0; log2_side <= 3; ++log2_side) {
      std::vector<std::int16_t> blocks = make_blocks(&random);
      GpuImage image;
      GpuComponent& component = image.components[0];
      component.blocks_wide = kWide;
      component.blocks_high = kHigh;
      component.log2_side = log2_side;
      for (std::uint16_t& step : component.quant) {
        step = static_cast<std::uint16_t>(round % 3 == 0 ? random() : 1 + random() % 40);
      }
      const int side = 1 << log2_side;
      std::vector<std::uint32_t> samples(static_cast<std::size_t>(kWide * kHigh * side * side));
      component.coefficients = blocks.data();
      component.samples = reinterpret_cast<std::uint8_t*>(samples.data());
      const ComponentTask task = {0, 0};
      const std::int32_t first_block[2] = {0, 2};
      const TransformBlocks program = {&image, &task, first_block, 1};
      lanes.run((kWide * kHigh + TransformBlocks::kBlocks - 1) / TransformBlocks::kBlocks, program);
      std::vector<std::uint8_t> expected(samples.size());
      for (int i = 0; i < kWide * kHigh; ++i) {
        transform_one(blocks.data() + 64 * i, component.quant, log2_side,
                      expected.data() + (i / kWide * side * kWide + i % kWide) * side,
                      kWide * side);
      }
      CHECK(std::memcmp(component.samples, expected.data(), expected.size()) == 0);
    }
  }
}

// The marker behind the data, one byte in each of two parts, and much that is no data behind it.
void test_end_at_the_edge_of_a_part() {
  fastpass_test::TwinBatch batch;
  std::vector<fastpass_test::BatchItem> items;
  std::mt19937 random(22);
  for (unsigned seed = 1; seed < 3000 && items.size() < 4; ++seed) {
    fastpass_test::MadeJpeg made;
    made.seed = seed;
    fastpass_test::BatchItem item;
    item.jpeg = make_jpeg(made);
    MarkerReader markers;
    CHECK(markers.open(fastpass_test::span_of(item.jpeg)).ok());
    const std::size_t size = item.jpeg.size() - 2 - markers.scan().data_offset;
    if (size % kPartBytes != kPartBytes - 1) continue;
    // Without an FF: no other marker helps.
    for (int i = 0; i < 50000; ++i) {
      item.jpeg.push_back(static_cast<std::uint8_t>(random() % 255));
    }
    items.push_back(item);
  }
  CHECK(items.size() == 4);
  CHECK(batch.check(items).same == 4);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_transforms();
  fastpass::test_end_at_the_edge_of_a_part();
  return RESULT();
}
