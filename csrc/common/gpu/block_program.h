// Work whose lanes cooperate: a block program.
//
// Note [Block programs]. A kernel with barriers is cut at each barrier into steps. A program is a
// struct of plain data with
//
//   static constexpr int kLanes;           threads of a block
//   std::int64_t shared_bytes() const;     of the memory that a block's lanes share (host)
//   FASTPASS_HD bool has_step(int block, int step, const std::uint8_t* shared) const;
//   FASTPASS_HD void run(int block, int step, int lane, std::uint8_t* shared) const;
//
// Steps 0, 1, 2, ... run as long as has_step() says so, which must say the same to all lanes; it
// may look at what the steps before it left in `shared`, of which nothing is known before step 0.
// Between two steps, and between has_step() and a step, there is a barrier. Within a step no lane
// may read what another one writes, but through atomic_add().
//
// block_program_cuda.cuh runs them on the GPU, shuffled.h on the CPU, the lanes of each step in a
// shuffled order: a result that depends on that order is a missing barrier.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// `shared` memory as a struct; programs keep it at the beginning, aligned to 16 bytes.
template <typename Value>
FASTPASS_HD inline Value& shared_as(std::uint8_t* shared) {
  return *reinterpret_cast<Value*>(shared);
}

template <typename Value>
FASTPASS_HD inline const Value& shared_as(const std::uint8_t* shared) {
  return *reinterpret_cast<const Value*>(shared);
}

}  // namespace fastpass
