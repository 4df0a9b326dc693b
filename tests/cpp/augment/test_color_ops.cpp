#include <algorithm>

#include "augment/color_ops.h"
#include "support/check.h"

namespace fastpass {
namespace {

bool is_same(Rgb a, Rgb b) { return a.r == b.r && a.g == b.g && a.b == b.b; }

void test_luma() {
  CHECK(luma(255, 255, 255) == 255 && luma(0, 0, 0) == 0);
  CHECK(luma(255, 0, 0) == 76 && luma(0, 255, 0) == 150 && luma(0, 0, 255) == 29);
  for (int v = 0; v < 256; ++v) {
    const auto value = static_cast<std::uint8_t>(v);
    CHECK(luma(value, value, value) == value);
  }
}

void test_blend() {
  for (int v = 0; v < 256; ++v) {
    const auto value = static_cast<std::uint8_t>(v);
    CHECK(blend(77, value, 1.0f) == value && blend(77, value, 0.0f) == 77);
    CHECK(blend(value, value, 3.3f) == value);
  }
  CHECK(blend(0, 99, 0.5f) == 49);                                 // truncates
  CHECK(blend(0, 200, 1.5f) == 255 && blend(200, 10, 2.0f) == 0);  // clips
  CHECK(blend(0, 255, 1e6f) == 255 && blend(255, 0, 1e6f) == 0);
}

void test_contrast_gray() {
  CHECK(contrast_gray(0, 9) == 0 && contrast_gray(255 * 9, 9) == 255);
  CHECK(contrast_gray(5, 2) == 3 && contrast_gray(49, 100) == 0 && contrast_gray(50, 100) == 1);
}

void test_solarize() {
  CHECK(solarize(127, 128) == 127 && solarize(128, 128) == 127 && solarize(255, 128) == 0);
  CHECK(solarize(0, 0) == 255 && solarize(255, 256) == 255);
}

void test_hue_offset() {
  CHECK(hue_offset(0.0f) == 0 && hue_offset(0.5f) == 127 && hue_offset(-0.5f) == 129);
  CHECK(hue_offset(0.0039f) == 0 && hue_offset(-0.0039f) == 0);  // truncates towards zero
}

void test_hsv() {
  const Hsv red = rgb_to_hsv(255, 0, 0);
  CHECK(red.h == 0 && red.s == 255 && red.v == 255);
  CHECK(rgb_to_hsv(0, 255, 0).h == 85 && rgb_to_hsv(0, 0, 255).h == 170);
  CHECK(rgb_to_hsv(9, 9, 9).h == 0 && rgb_to_hsv(9, 9, 9).s == 0 && rgb_to_hsv(0, 0, 0).s == 0);
  CHECK(is_same(hsv_to_rgb(0, 255, 255), {255, 0, 0}));
  CHECK(is_same(hsv_to_rgb(255, 255, 255), {255, 0, 0}));  // a whole turn
  CHECK(is_same(hsv_to_rgb(85, 255, 255), {0, 255, 0}));
  CHECK(is_same(hsv_to_rgb(170, 255, 200), {0, 0, 200}));
}

// Gray has no hue to shift; every color keeps its value (the largest channel).
void test_shift_hue() {
  for (int r = 0; r < 256; r += 5) {
    for (int g = 0; g < 256; g += 3) {
      for (int b = 0; b < 256; b += 5) {
        const Rgb shifted = shift_hue(r, g, b, 40);
        CHECK(std::max({shifted.r, shifted.g, shifted.b}) == std::max({r, g, b}));
        if (r == g && g == b) CHECK(is_same(shifted, {r, g, b}));
      }
    }
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_luma();
  fastpass::test_blend();
  fastpass::test_contrast_gray();
  fastpass::test_solarize();
  fastpass::test_hue_offset();
  fastpass::test_hsv();
  fastpass::test_shift_hue();
  return RESULT();
}
