// The launch geometry of element-wise work on a GPU, and of the passes that render views.
#include <cstdint>
#include <vector>

#include "augment/check.h"
#include "augment/gpu/gpu_passes.h"
#include "common/gpu/launch.h"
#include "support/check.h"

namespace fastpass {
namespace {

void test_launch_covers_everything() {
  CHECK(map_num_blocks(1) == 1);
  CHECK(map_num_blocks(kMapBlockThreads) == 1);
  CHECK(map_num_blocks(kMapBlockThreads + 1) == 2);
  CHECK(map_num_blocks(std::int64_t{1} << 50) == kMapMaxBlocks);
  // What the kernel's grid-stride loop does, for a count that is no multiple of anything.
  const std::int64_t count = kMapMaxBlocks * kMapBlockThreads + 12345;
  const std::int64_t step = std::int64_t{map_num_blocks(count)} * kMapBlockThreads;
  std::vector<int> visits(static_cast<std::size_t>(count));
  for (std::int64_t first = 0; first < step; ++first) {
    for (std::int64_t index = first; index < count; index += step) {
      ++visits[static_cast<std::size_t>(index)];
    }
  }
  for (const int visit : visits) CHECK(visit == 1);
}

// Up to the largest view: blocks that cover every line once, in memory that needs no asking for.
void test_blocks_of_views() {
  constexpr std::int64_t kWithoutAsking = 48 * 1024;
  for (int size = 1; size <= kMaxViewSize; ++size) {
    const int lines = BoxBlurLines<false>::num_lines(size);
    const int blocks = BoxBlurLines<false>::blocks_per_channel(size);
    CHECK(lines * blocks >= size && lines * (blocks - 1) < size);
    CHECK(BoxBlurLines<false>::line_bytes(size) >= std::int64_t{lines} * size);
    BoxBlurLines<true> columns{};
    columns.num_line_bytes = BoxBlurLines<true>::line_bytes(size);
    CHECK(columns.shared_bytes() <= kWithoutAsking);
    CHECK(GaussianBlurRows::row_bytes(size) <= kWithoutAsking);
    const std::int64_t pixels = std::int64_t{size} * size;
    const std::int64_t covered =
        std::int64_t{ContrastPixels::num_blocks(size)} * ContrastPixels::kLanes;
    CHECK(covered >= pixels && covered - ContrastPixels::kLanes < pixels);
    CHECK(WeighTaps::num_blocks(size) % 2 == 0);
    CHECK(WeighTaps::num_blocks(size) / 2 * WeighTaps::kLanes >= size);
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_launch_covers_everything();
  fastpass::test_blocks_of_views();
  return RESULT();
}
