// uint8 -> (value / 255 - mean) / std, as torchvision's ToTensor and Normalize, and the narrower
// floating-point formats, rounded half to even.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

FASTPASS_HD inline float unit_value(std::uint8_t value) {
  return static_cast<float>(value) / 255.0f;
}

FASTPASS_HD inline float normalized_value(std::uint8_t value, float mean, float std) {
  return (unit_value(value) - mean) / std;
}

FASTPASS_HD inline std::uint32_t float_bits(float value) {
  // Not memcpy: a header for CPU and GPU includes <cstdint> and <cmath> only. GCC, Clang and nvcc
  // define reading the other member of a union.
  union {
    float number;
    std::uint32_t bits;
  } both = {value};
  return both.bits;
}

// IEEE 754 binary16 bits; overflow gives infinity.
FASTPASS_HD inline std::uint16_t to_float16(float value) {
  const std::uint32_t bits = float_bits(value);
  const std::uint32_t sign = bits >> 16 & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return static_cast<std::uint16_t>(sign | 0x7E00u);  // not a number
  if (magnitude >= 0x477FF000u) return static_cast<std::uint16_t>(sign | 0x7C00u);
  std::uint32_t kept, rest, half;  // rest / (2 * half) is what rounding decides about
  if (magnitude >= 0x38800000u) {  // normal: 10 of 23 fraction bits
    kept = (magnitude - 0x38000000u) >> 13;
    rest = magnitude & 0x1FFFu;
    half = 0x1000u;
  } else {  // subnormal: multiples of 2^-24
    const std::uint32_t shift = 126u - (magnitude >> 23);
    if (shift > 24u) return static_cast<std::uint16_t>(sign);
    const std::uint32_t significand = (magnitude & 0x7FFFFFu) | 0x800000u;
    kept = significand >> shift;
    rest = significand & ((1u << shift) - 1u);
    half = 1u << (shift - 1u);
  }
  if (rest > half || (rest == half && (kept & 1u))) ++kept;
  return static_cast<std::uint16_t>(sign | kept);
}

// The upper half of a float's bits, rounded half to even. `value` is a number.
FASTPASS_HD inline std::uint16_t to_bfloat16(float value) {
  const std::uint32_t bits = float_bits(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

}  // namespace fastpass
