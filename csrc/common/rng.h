// Counter-based random numbers: a value follows from its key alone, so that it does not matter
// which thread asks for it, when, or what was drawn before.
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// The counter that goes into the generator, and the random words that come out.
struct Philox4x32 {
  std::uint32_t word[4];
};

FASTPASS_HD inline Philox4x32 philox4x32_10(Philox4x32 counter, std::uint32_t key0,
                                            std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * counter.word[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * counter.word[2];
    counter = {{static_cast<std::uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0,
                static_cast<std::uint32_t>(product1),
                static_cast<std::uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1,
                static_cast<std::uint32_t>(product0)}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

// The key of a random value. `draw` (below) numbers the random choices of one view, at most 2^18.
struct DrawKey {
  std::uint64_t seed = 0;
  std::uint64_t sample_id = 0;
  std::uint32_t epoch = 0;
  std::uint16_t view_id = 0;
};

FASTPASS_HD inline std::uint32_t random_bits(const DrawKey& key, std::uint32_t draw) {
  const Philox4x32 counter = {{static_cast<std::uint32_t>(key.sample_id),
                               static_cast<std::uint32_t>(key.sample_id >> 32), key.epoch,
                               std::uint32_t{key.view_id} << 16 | draw >> 2}};
  return philox4x32_10(counter, static_cast<std::uint32_t>(key.seed),
                       static_cast<std::uint32_t>(key.seed >> 32))
      .word[draw & 3];
}

// Uniform on [0, 1), 32 random bits.
FASTPASS_HD inline double random_unit(const DrawKey& key, std::uint32_t draw) {
  return random_bits(key, draw) * (1.0 / 4294967296.0);
}

// Uniform on {0, ..., count - 1}; count >= 1. The bias is below count / 2^32.
FASTPASS_HD inline std::uint32_t random_below(const DrawKey& key, std::uint32_t draw,
                                              std::uint32_t count) {
  return static_cast<std::uint32_t>(std::uint64_t{random_bits(key, draw)} * count >> 32);
}

}  // namespace fastpass
