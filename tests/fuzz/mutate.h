// Damage as it is found in JPEGs: bits, bytes, lengths, and whole segments in wrong places.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace fastpass_fuzz {

using Bytes = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

constexpr std::size_t kMaxInputBytes = 1 << 16;

// A mutant of `base`; `other` lends segments and tails. The same `random` gives the same mutant.
Bytes mutate(const Bytes& base, const Bytes& other, Random& random);

}  // namespace fastpass_fuzz
