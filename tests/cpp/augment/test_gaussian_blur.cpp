#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

#include "augment/cpu/gaussian_blur_cpu.h"
#include "augment/gaussian_blur.h"
#include "support/check.h"

namespace fastpass {
namespace {

void test_weights() {
  for (const int kernel_size : {3, 9, 23, 63}) {
    for (const float sigma : {1e-30f, 0.1f, 0.7f, 2.0f, 256.0f}) {
      const GaussianBlur blur = make_gaussian_blur(sigma, kernel_size, BlurBorder::kReflect);
      CHECK(blur.radius <= kernel_size / 2);
      double sum = blur.weights[0];
      for (int distance = 1; distance <= kernel_size / 2; ++distance) {
        const double ratio = std::exp(-0.5 * std::pow(distance / static_cast<double>(sigma), 2));
        CHECK(std::fabs(blur.weights[distance] - ratio * blur.weights[0]) < 1e-7);
        sum += 2.0 * blur.weights[distance];
      }
      CHECK(std::fabs(sum - 1.0) < 1e-6);
    }
  }
  CHECK(make_gaussian_blur(0.1f, 9, BlurBorder::kZero).radius == 0);  // next: exp(-50)
  CHECK(make_gaussian_blur(2.0f, 9, BlurBorder::kZero).radius == 4);
}

void test_rounding() {
  CHECK(rounded_pixel(0.0f) == 0);
  CHECK(rounded_pixel(0.5f) == 0);
  CHECK(rounded_pixel(1.5f) == 2);
  CHECK(rounded_pixel(254.5f) == 254);
  CHECK(rounded_pixel(254.50002f) == 255);
  CHECK(rounded_pixel(255.0001f) == 255);
}

void test_reflection() {
  CHECK(reflected(-1, 5) == 1);
  CHECK(reflected(-4, 5) == 4);
  CHECK(reflected(0, 5) == 0);
  CHECK(reflected(4, 5) == 4);
  CHECK(reflected(5, 5) == 3);
  CHECK(reflected(8, 5) == 0);
}

struct Plane {
  int size, stride;
  std::vector<std::uint8_t> bytes;

  double at(int y, int x, BlurBorder border) const {
    if (border == BlurBorder::kReflect) {
      y = reflected(y, size);
      x = reflected(x, size);
    } else if (y < 0 || y >= size || x < 0 || x >= size) {
      return 0.0;
    }
    return bytes[static_cast<std::size_t>(y * stride + x)];
  }
};

// The definition: a sum over the window, in double. That the window is wide enough, test_weights
// has shown.
double blurred_at(const Plane& plane, const GaussianBlur& blur, int y, int x) {
  double sum = 0.0;
  for (int dy = -blur.radius; dy <= blur.radius; ++dy) {
    for (int dx = -blur.radius; dx <= blur.radius; ++dx) {
      sum += static_cast<double>(blur.weights[std::abs(dy)]) * blur.weights[std::abs(dx)] *
             plane.at(y + dy, x + dx, blur.border);
    }
  }
  return sum;
}

void check_against_the_definition(const GaussianBlur& blur, const Plane& plane,
                                  const Plane& blurred) {
  for (int y = 0; y < plane.size; ++y) {
    for (int x = 0; x < plane.stride; ++x) {
      const std::size_t place = static_cast<std::size_t>(y * plane.stride + x);
      if (x >= plane.size) {
        CHECK(blurred.bytes[place] == plane.bytes[place]);
      } else {
        CHECK(std::fabs(blurred.bytes[place] - blurred_at(plane, blur, y, x)) < 0.5001);
      }
    }
  }
}

// One blurrer for all, so that what an earlier call left behind would show.
void test_blurrer_against_the_definition() {
  std::mt19937 generator(3);
  GaussianBlurrer blurrer;
  for (const int size : {40, 1, 2, 5, 12, 33}) {
    for (const int kernel_size : {3, 9, 23}) {
      for (const BlurBorder border : {BlurBorder::kReflect, BlurBorder::kZero}) {
        if (border == BlurBorder::kReflect && size <= kernel_size / 2) continue;
        for (const float sigma : {0.1f, 0.8f, 2.0f, 40.0f}) {
          Plane plane{size, size + 3, {}};
          plane.bytes.resize(static_cast<std::size_t>(plane.size * plane.stride));
          for (std::uint8_t& value : plane.bytes) {
            value = static_cast<std::uint8_t>(generator() & 255);
          }
          const GaussianBlur blur = make_gaussian_blur(sigma, kernel_size, border);
          Plane blurred = plane;
          blurrer.run(blur, size, blurred.bytes.data(), blurred.stride);
          check_against_the_definition(blur, plane, blurred);
        }
      }
    }
  }
}

// White stays white: the weights' rounding must not lift a sum above what fits a byte.
void test_constant_planes_stay() {
  GaussianBlurrer blurrer;
  for (const int kernel_size : {3, 9, 23, 63}) {
    for (int step = 1; step <= 40; ++step) {
      const GaussianBlur blur =
          make_gaussian_blur(0.05f * static_cast<float>(step), kernel_size, BlurBorder::kReflect);
      std::vector<std::uint8_t> white(static_cast<std::size_t>(40 * 40), 255);
      blurrer.run(blur, 40, white.data(), 40);
      for (const std::uint8_t value : white) CHECK(value == 255);
    }
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_weights();
  fastpass::test_rounding();
  fastpass::test_reflection();
  fastpass::test_blurrer_against_the_definition();
  fastpass::test_constant_planes_stay();
  return RESULT();
}
