#include <cmath>
#include <limits>

#include "augment/normalize.h"
#include "support/check.h"

namespace fastpass {
namespace {

double value_of_float16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double size =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -size : size;
}

// Every finite value, and what lies between it and its neighbour.
void test_float16() {
  for (int magnitude = 0; magnitude < 0x7C00; ++magnitude) {
    const auto bits = static_cast<std::uint16_t>(magnitude);
    const double value = value_of_float16(bits);
    CHECK(to_float16(static_cast<float>(value)) == bits);
    CHECK(to_float16(static_cast<float>(-value)) == (bits | 0x8000));
    const double next = magnitude == 0x7BFF ? 65536.0 : value_of_float16(bits + 1);
    const auto middle = static_cast<float>((value + next) / 2);
    const int even = bits & 1 ? bits + 1 : bits;
    CHECK(to_float16(middle) == even);
    CHECK(to_float16(std::nextafter(middle, 0.0f)) == bits);
    CHECK(to_float16(std::nextafter(middle, 1e9f)) == bits + 1);
  }
  CHECK(to_float16(1e9f) == 0x7C00 && to_float16(-1e9f) == 0xFC00);
  CHECK((to_float16(std::numeric_limits<float>::quiet_NaN()) & 0x7FFF) > 0x7C00);
}

void test_bfloat16() {
  CHECK(to_bfloat16(1.0f) == 0x3F80 && to_bfloat16(-2.0f) == 0xC000 && to_bfloat16(0.0f) == 0);
  CHECK(to_bfloat16(1.0f + 0x1p-8f) == 0x3F80);             // a tie, to even
  CHECK(to_bfloat16(1.0f + 0x1p-7f + 0x1p-8f) == 0x3F82);   // a tie, to even
  CHECK(to_bfloat16(1.0f + 0x1p-8f + 0x1p-20f) == 0x3F81);  // above the tie
}

void test_normalized_value() {
  CHECK(unit_value(255) == 1.0f && unit_value(0) == 0.0f);
  CHECK(normalized_value(255, 0.5f, 0.5f) == 1.0f && normalized_value(0, 0.5f, 0.5f) == -1.0f);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_float16();
  fastpass::test_bfloat16();
  fastpass::test_normalized_value();
  return RESULT();
}
