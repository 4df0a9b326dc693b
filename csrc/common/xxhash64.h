// XXH64: the 64-bit non-cryptographic hash of the xxHash specification, version 0.1.1 (Yann
// Collet), section "XXH64 Algorithm Description". One shot, any alignment, little-endian hosts.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/view.h"

namespace fastpass {
namespace xxh64 {

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87u;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4Fu;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9u;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63u;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5u;

inline std::uint64_t rotate_left(std::uint64_t value, int bits) {
  return value << bits | value >> (64 - bits);
}

template <typename Word>
inline std::uint64_t load(const std::uint8_t* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

inline std::uint64_t round(std::uint64_t accumulator, std::uint64_t lane) {
  return rotate_left(accumulator + lane * kPrime2, 31) * kPrime1;
}

inline std::uint64_t merge(std::uint64_t hash, std::uint64_t accumulator) {
  return (hash ^ round(0, accumulator)) * kPrime1 + kPrime4;
}

// Steps 1 to 3 of the specification: whole stripes of 32 bytes; advances `bytes`.
inline std::uint64_t consume_stripes(const std::uint8_t*& bytes, const std::uint8_t* end,
                                     std::uint64_t seed) {
  std::uint64_t lane[4] = {seed + kPrime1 + kPrime2, seed + kPrime2, seed, seed - kPrime1};
  for (; end - bytes >= 32; bytes += 32) {
    for (int i = 0; i < 4; ++i) lane[i] = round(lane[i], load<std::uint64_t>(bytes + 8 * i));
  }
  std::uint64_t hash = rotate_left(lane[0], 1) + rotate_left(lane[1], 7) +
                       rotate_left(lane[2], 12) + rotate_left(lane[3], 18);
  for (const std::uint64_t accumulator : lane) hash = merge(hash, accumulator);
  return hash;
}

}  // namespace xxh64

inline std::uint64_t xxhash64(Span input, std::uint64_t seed = 0) {
  using namespace xxh64;
  const std::uint8_t* bytes = input.data;
  const std::uint8_t* const end = bytes + input.size;
  std::uint64_t hash = input.size >= 32 ? consume_stripes(bytes, end, seed) : seed + kPrime5;
  hash += input.size;
  for (; end - bytes >= 8; bytes += 8) {
    hash = rotate_left(hash ^ round(0, load<std::uint64_t>(bytes)), 27) * kPrime1 + kPrime4;
  }
  if (end - bytes >= 4) {
    hash = rotate_left(hash ^ load<std::uint32_t>(bytes) * kPrime1, 23) * kPrime2 + kPrime3;
    bytes += 4;
  }
  for (; bytes < end; ++bytes) hash = rotate_left(hash ^ *bytes * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

inline std::uint64_t xxhash64(std::string_view text, std::uint64_t seed = 0) {
  return xxhash64(Span{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, seed);
}

}  // namespace fastpass
