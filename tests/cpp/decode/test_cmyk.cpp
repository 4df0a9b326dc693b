// CMYK to RGB against exact rational arithmetic.
#include "decode/pixels/cmyk.h"
#include "support/check.h"

namespace fastpass {
namespace {

void test_every_product() {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const int nearest = (2 * a * b + 255) / 510;  // no ties: 255 is odd
      CHECK(multiply_divide_255(a, b) == nearest);
      CHECK(ink_to_light(255 - a, b) == b - nearest);
    }
  }
}

void test_a_row() {
  const std::uint8_t cmyk[8] = {255, 0, 128, 255, 10, 20, 30, 0};
  std::uint8_t rgb[6];
  cmyk_to_rgb_row(cmyk, 2, rgb);
  CHECK(rgb[0] == 255 && rgb[1] == 0 && rgb[2] == 128);
  CHECK(rgb[3] == 0 && rgb[4] == 0 && rgb[5] == 0);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_every_product();
  fastpass::test_a_row();
  return RESULT();
}
