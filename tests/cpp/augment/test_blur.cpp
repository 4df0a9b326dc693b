#include <cmath>
#include <random>
#include <vector>

#include "augment/blur.h"
#include "augment/cpu/blur_cpu.h"
#include "support/check.h"

namespace fastpass {
namespace {

// The weights of three passes must have the variance asked for.
void test_variance() {
  for (const float sigma : {0.1f, 0.5f, 1.0f, 1.7f, 2.0f, 5.0f, 40.0f}) {
    const BoxBlur blur = make_box_blur(sigma);
    const double unit = std::ldexp(1.0, kBlurBits);
    double total = 0.0, variance = 0.0;
    for (int offset = -blur.radius - 1; offset <= blur.radius + 1; ++offset) {
      const bool is_end = std::abs(offset) > blur.radius;
      const double weight = (is_end ? blur.end_weight : blur.box_weight) / unit;
      total += weight;
      variance += weight * offset * offset;
    }
    CHECK(std::fabs(total - 1.0) < 1e-4);
    CHECK(std::fabs(kBlurPasses * variance / (sigma * sigma) - 1.0) < 2e-3);
  }
}

// Interleaved pixels through the planar rows of the renderer.
std::vector<std::uint8_t> blurred(Blurrer* blurrer, float sigma, int size,
                                  std::vector<std::uint8_t> pixels) {
  const std::ptrdiff_t pitch = (size + 31) / 32 * 32;
  std::vector<std::uint8_t> memory(static_cast<std::size_t>(3 * pitch * size), 77);
  const ViewRows view = {memory.data(), size, pitch};
  const auto place = [&](int i) { return view.row(i / 3 / size, i % 3) + i / 3 % size; };
  for (int i = 0; i < size * size * 3; ++i) *place(i) = pixels[static_cast<std::size_t>(i)];
  blurrer->run(sigma, view);
  for (int i = 0; i < size * size * 3; ++i) pixels[static_cast<std::size_t>(i)] = *place(i);
  return pixels;
}

// The loops over rows and strips of columns against the definition.
void test_blurrer_against_the_definition(const ViewRoutines& routines) {
  std::mt19937 generator(3);
  Blurrer blurrer(routines);
  for (const int size : {1, 2, 5, 40}) {
    for (const float sigma : {0.2f, 1.9f, 6.0f, 50.0f, 200.0f}) {
      std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size * size * 3));
      for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>(generator() & 255);
      std::vector<std::uint8_t> expected = pixels;
      const BoxBlur blur = make_box_blur(sigma);
      for (int pass = 0; pass < 2 * kBlurPasses; ++pass) {
        const bool is_horizontal = pass < kBlurPasses;
        const std::vector<std::uint8_t> from = expected;
        const auto at = [&](int y, int x, int channel) -> std::uint32_t {
          y = std::min(std::max(y, 0), size - 1);
          x = std::min(std::max(x, 0), size - 1);
          return from[static_cast<std::size_t>((y * size + x) * 3 + channel)];
        };
        for (int i = 0; i < size * size * 3; ++i) {
          const int y = i / 3 / size, x = i / 3 % size, channel = i % 3;
          const auto along = [&](int offset) {
            return is_horizontal ? at(y, x + offset, channel) : at(y + offset, x, channel);
          };
          std::uint32_t box_sum = 0;
          for (int k = -blur.radius; k <= blur.radius; ++k) box_sum += along(k);
          expected[static_cast<std::size_t>(i)] =
              blurred_pixel(blur, box_sum, along(-blur.radius - 1) + along(blur.radius + 1));
        }
      }
      CHECK(blurred(&blurrer, sigma, size, pixels) == expected);
    }
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_variance();
  for (const auto* routines : fastpass::available_view_routines()) {
    fastpass::test_blurrer_against_the_definition(*routines);
  }
  return RESULT();
}
