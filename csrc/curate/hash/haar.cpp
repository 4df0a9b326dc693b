#include "curate/hash/haar.h"

#include <algorithm>
#include <cstddef>

namespace fastpass {
namespace {

constexpr double kFactor = 0.7071067811865476;  // sqrt(1/2), as PyWavelets has it

using Plane = std::vector<double>;

std::size_t area_of(int side) {
  return static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
}

// The details of one level, half a side each way.
struct Details {
  int side = 0;
  Plane across, down, both;
};

// Four neighboring values, which one step of the transform takes together.
struct Square {
  double top_left, top_right, bottom_left, bottom_right;
};

Square square_at(const Plane& plane, int side, int y, int x) {
  const double* top = plane.data() + std::ptrdiff_t{2} * y * side + 2 * x;
  return {top[0], top[1], top[side], top[side + 1]};
}

double low(double a, double b) { return kFactor * b + kFactor * a; }
double high(double a, double b) { return kFactor * a - kFactor * b; }

// One level: along columns, then along rows. `details` nullptr: only the low terms.
Plane shrink(const Plane& plane, int side, Details* details) {
  const int half = side / 2;
  Plane smaller(area_of(half));
  if (details != nullptr) {
    details->side = half;
    for (Plane* part : {&details->across, &details->down, &details->both}) {
      part->resize(area_of(half));
    }
  }
  for (int y = 0; y < half; ++y) {
    for (int x = 0; x < half; ++x) {
      const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(half) +
                      static_cast<std::size_t>(x);
      const Square s = square_at(plane, side, y, x);
      const double left = low(s.top_left, s.bottom_left), right = low(s.top_right, s.bottom_right);
      smaller[at] = low(left, right);
      if (details == nullptr) continue;
      const double left_step = high(s.top_left, s.bottom_left);
      const double right_step = high(s.top_right, s.bottom_right);
      details->across[at] = high(left, right);
      details->down[at] = low(left_step, right_step);
      details->both[at] = high(left_step, right_step);
    }
  }
  return smaller;
}

// The way back: along rows, then along columns.
Plane grow(const Plane& plane, const Details& details) {
  const int half = details.side, side = 2 * half;
  Plane larger(area_of(side));
  for (int y = 0; y < half; ++y) {
    for (int x = 0; x < half; ++x) {
      const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(half) +
                      static_cast<std::size_t>(x);
      const double left = kFactor * plane[at] + kFactor * details.across[at];
      const double right = kFactor * plane[at] - kFactor * details.across[at];
      const double left_step = kFactor * details.down[at] + kFactor * details.both[at];
      const double right_step = kFactor * details.down[at] - kFactor * details.both[at];
      double* top = larger.data() + std::ptrdiff_t{2} * y * side + 2 * x;
      top[0] = kFactor * left + kFactor * left_step;
      top[1] = kFactor * right + kFactor * right_step;
      top[side] = kFactor * left - kFactor * left_step;
      top[side + 1] = kFactor * right - kFactor * right_step;
    }
  }
  return larger;
}

}  // namespace

std::array<double, kHaarSide * kHaarSide> haar_terms(const std::uint8_t* pixels, int side) {
  Plane plane(area_of(side));
  std::transform(pixels, pixels + plane.size(), plane.begin(),
                 [](std::uint8_t value) { return value / 255.0; });
  std::vector<Details> levels;
  for (int size = side; size > 1; size /= 2) plane = shrink(plane, size, &levels.emplace_back());
  plane.assign(1, 0.0);
  for (; !levels.empty(); levels.pop_back()) plane = grow(plane, levels.back());
  for (int size = side; size > kHaarSide; size /= 2) plane = shrink(plane, size, nullptr);
  std::array<double, kHaarSide * kHaarSide> terms;
  std::copy_n(plane.begin(), terms.size(), terms.begin());
  return terms;
}

}  // namespace fastpass
