// Every code of one block with every code of another, on a GPU.
#pragma once

#include <cstdint>

#include "common/gpu/block_program.h"
#include "common/hd.h"

namespace fastpass {

// Positions among all codes of either side.
struct FoundPair {
  std::uint32_t first;
  std::uint32_t second;
  std::int32_t distance;
};

constexpr int kMaxGpuWords = 4;  // of 64 bits

// A block compares kQueries codes of `a`, which all its lanes read from shared memory, with kLanes
// codes of `b`, one per lane. Planes as in code_planes.h, `stride` words each.
struct CompareCodes {
  static constexpr int kLanes = 256;
  static constexpr int kQueries = 64;

  const std::uint64_t* a;
  const std::uint64_t* b;
  std::int64_t stride_a;
  std::int64_t stride_b;
  std::int32_t num_words;
  std::int64_t begin_a;  // of this launch
  std::int64_t end_a;
  std::int64_t begin_b;
  std::int64_t end_b;
  std::int32_t radius;
  bool is_upper;  // only pairs whose second position is the larger one
  FoundPair* pairs;
  unsigned int capacity;
  unsigned int* num_pairs;  // how many were found, also those for which there was no room

  struct Shared {
    std::uint64_t queries[kQueries][kMaxGpuWords];
  };

  std::int64_t shared_bytes() const { return std::int64_t{sizeof(Shared)}; }
  FASTPASS_HD std::int64_t blocks_across() const { return (end_b - begin_b + kLanes - 1) / kLanes; }
  FASTPASS_HD std::int64_t blocks_down() const {
    return (end_a - begin_a + kQueries - 1) / kQueries;
  }
  FASTPASS_HD bool has_step(int, int step, const std::uint8_t*) const { return step < 2; }

  FASTPASS_HD void run(int block, int step, int lane, std::uint8_t* memory) const {
    auto& shared = shared_as<Shared>(memory);
    const std::int64_t first = begin_a + block / blocks_across() * kQueries;
    const std::int64_t second = begin_b + block % blocks_across() * kLanes + lane;
    if (step == 0) {
      const std::int64_t query = first + lane;
      if (lane >= kQueries || query >= end_a) return;
      for (int w = 0; w < num_words; ++w) shared.queries[lane][w] = a[w * stride_a + query];
      return;
    }
    if (second >= end_b) return;
    std::uint64_t code[kMaxGpuWords];
    for (int w = 0; w < kMaxGpuWords; ++w) code[w] = w < num_words ? b[w * stride_b + second] : 0;
    const std::int64_t left = end_a - first;
    const int count = static_cast<int>(left < kQueries ? left : kQueries);
    for (int i = 0; i < count; ++i) {
      if (is_upper && second <= first + i) break;
      compare(shared.queries[i], code, first + i, second);
    }
  }

 private:
  // Two words tell nearly all pairs apart.
  FASTPASS_HD void compare(const std::uint64_t* query, const std::uint64_t* code,
                           std::int64_t first, std::int64_t second) const {
    int distance = count_bits(query[0] ^ code[0]);
    if (num_words > 1) distance += count_bits(query[1] ^ code[1]);
    if (distance > radius) return;
    if (num_words > 2) distance += count_bits(query[2] ^ code[2]);
    if (num_words > 3) distance += count_bits(query[3] ^ code[3]);
    if (distance > radius) return;
    const unsigned int place = atomic_add(num_pairs, 1u);
    if (place >= capacity) return;
    pairs[place] = {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(second),
                    distance};
  }
};

}  // namespace fastpass
