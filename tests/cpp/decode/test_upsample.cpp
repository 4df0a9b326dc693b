// Fancy upsampling against the triangle filter in exact arithmetic.
#include "decode/pixels/upsample.h"
#include "support/check.h"

namespace fastpass {
namespace {

constexpr int kValues[6] = {0, 1, 2, 100, 254, 255};

// |16 * got - exact| in sixteenths: never a whole step off, and exact where the row is flat.
bool is_rounded(int got, int exact_sixteenths) {
  const int error = 16 * got - exact_sixteenths;
  return error > -16 && error < 16 && (exact_sixteenths % 16 != 0 || error == 0);
}

void test_one_direction() {
  long long drift = 0;
  for (int left = 0; left < 256; ++left) {
    for (int here = 0; here < 256; ++here) {
      // The second sample's right neighbor equals the first one's left neighbor.
      const std::uint8_t row[3] = {static_cast<std::uint8_t>(left), static_cast<std::uint8_t>(here),
                                   static_cast<std::uint8_t>(left)};
      const int exact = 4 * (3 * here + left);
      for (int odd = 0; odd < 2; ++odd) {
        CHECK(is_rounded(upsample_h2v1_at(row + 1, odd), exact));
        CHECK(upsample_h1v2_at(here, left, 1 + odd) == upsample_h2v1_at(row + 1, odd));
        drift += 16 * upsample_h2v1_at(row + 1, odd) - exact;
      }
    }
  }
  CHECK(drift == 0);
}

void test_both_directions() {
  for (int near_here : kValues) {
    for (int near_side : kValues) {
      for (int far_here : kValues) {
        for (int far_side : kValues) {
          const auto byte = [](int value) { return static_cast<std::uint8_t>(value); };
          const std::uint8_t near[3] = {byte(near_side), byte(near_here), byte(near_side)};
          const std::uint8_t far[3] = {byte(far_side), byte(far_here), byte(far_side)};
          const int exact = 3 * (3 * near_here + far_here) + 3 * near_side + far_side;
          CHECK(is_rounded(upsample_h2v2_at(near + 1, far + 1, 0), exact));
          CHECK(is_rounded(upsample_h2v2_at(near + 1, far + 1, 1), exact));
        }
      }
    }
  }
}

// Left and right are not mistaken for each other.
void test_sides() {
  const std::uint8_t row[3] = {0, 100, 200};
  CHECK(upsample_h2v1_at(row + 1, 0) == 75 && upsample_h2v1_at(row + 1, 1) == 125);
  CHECK(upsample_h2v2_at(row + 1, row + 1, 0) == 75);
  CHECK(upsample_h2v2_at(row + 1, row + 1, 1) == 125);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_one_direction();
  fastpass::test_both_directions();
  fastpass::test_sides();
  return RESULT();
}
