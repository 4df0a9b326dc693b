// Launch geometry, computed on the host and tested there.
#pragma once

#include <cstdint>

namespace fastpass {

constexpr int kMapBlockThreads = 256;
// Enough blocks to fill any GPU several times over; the kernel's grid-stride loop does the rest.
constexpr std::int64_t kMapMaxBlocks = 4096;

// Blocks for `count` >= 1 independent elements.
constexpr int map_num_blocks(std::int64_t count) {
  const std::int64_t blocks = (count + kMapBlockThreads - 1) / kMapBlockThreads;
  return static_cast<int>(blocks < kMapMaxBlocks ? blocks : kMapMaxBlocks);
}

}  // namespace fastpass
