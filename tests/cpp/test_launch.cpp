// The launch geometry of element-wise work on a GPU.
#include <cstdint>
#include <vector>

#include "check.h"
#include "common/launch.h"

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

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_launch_covers_everything();
  return RESULT();
}
