#include <cmath>
#include <random>
#include <vector>

#include "augment/resample.h"
#include "augment/resample_cpu.h"
#include "check.h"

namespace fastpass {
namespace {

// One pass over one line of gray values, straight from the formulas.
std::vector<int> resample_line(const std::vector<int>& line, int size,
                               Interpolation interpolation) {
  const ResampleAxis axis = make_resample_axis(static_cast<int>(line.size()), size, interpolation);
  std::vector<int> out;
  for (int i = 0; i < size; ++i) {
    const TapRange range = tap_range(axis, i);
    double total = 0.0;
    for (int tap = 0; tap < range.count; ++tap) total += tap_weight(axis, i, range.first + tap);
    std::int32_t sum = weighted_sum_start();
    for (int tap = 0; tap < range.count; ++tap) {
      const int source = range.first + tap;
      sum += line[static_cast<std::size_t>(source)] *
             fixed_point_weight(tap_weight(axis, i, source) / total);
    }
    out.push_back(weighted_sum_to_pixel(sum));
  }
  return out;
}

void test_filters() {
  for (const Interpolation kind : {Interpolation::kBilinear, Interpolation::kBicubic}) {
    CHECK(filter_value(kind, 0.0) == 1.0 && filter_value(kind, 1.0) == 0.0);
    CHECK(filter_value(kind, 2.0) == 0.0 && filter_value(kind, -0.3) == filter_value(kind, 0.3));
    // Whatever the offset, neighbouring samples weigh one together.
    for (double offset = 0.0; offset < 1.0; offset += 0.01) {
      double sum = 0.0;
      for (int i = -3; i <= 3; ++i) sum += filter_value(kind, offset + i);
      CHECK(std::fabs(sum - 1.0) < 1e-12);
    }
  }
  CHECK(filter_value(Interpolation::kBicubic, 1.5) == -0.0625);  // a = -0.5
}

void test_taps_stay_inside() {
  for (const Interpolation kind : {Interpolation::kBilinear, Interpolation::kBicubic}) {
    for (const int source : {1, 2, 3, 17, 256, 4000}) {
      for (const int size : {1, 2, 5, 17, 224, 5000}) {
        const ResampleAxis axis = make_resample_axis(source, size, kind);
        for (int i = 0; i < size; ++i) {
          const TapRange range = tap_range(axis, i);
          CHECK(range.first >= 0 && range.count >= 1 && range.count <= max_taps(axis));
          CHECK(range.first + range.count <= source);
        }
      }
    }
  }
}

void test_constants_and_identities() {
  const std::vector<int> white(100, 255);
  CHECK(resample_line(white, 37, Interpolation::kBicubic) == std::vector<int>(37, 255));
  CHECK(resample_line(white, 237, Interpolation::kBilinear) == std::vector<int>(237, 255));
  const std::vector<int> line = {3, 255, 0, 77, 12};
  CHECK(resample_line(line, 5, Interpolation::kBicubic) == line);
  // Halving by the triangle filter: weights 1/8 3/8 3/8 1/8 inside.
  CHECK(resample_line({0, 0, 0, 80, 0, 0, 0, 0}, 4, Interpolation::kBilinear)[1] == 30);
}

// The renderer's loops against the formulas: window, order of passes, ring of rows, stride.
void test_resampler_against_the_formulas() {
  std::mt19937 generator(5);
  Resampler resampler;
  for (int trial = 0; trial < 60; ++trial) {
    const auto pick = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(generator);
    };
    const int height = pick(1, 90), width = pick(1, 90), stride = width * 3 + pick(0, 9);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(stride * height));
    for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>(pick(0, 255));
    ViewParams params;
    params.height = height;
    params.width = width;
    params.resized_height = pick(1, 60);
    params.resized_width = pick(1, 60);
    const int size = pick(1, std::min(params.resized_height, params.resized_width));
    params.window_top = pick(0, params.resized_height - size);
    params.window_left = pick(0, params.resized_width - size);
    const Interpolation kind = trial % 2 ? Interpolation::kBicubic : Interpolation::kBilinear;
    std::vector<std::uint8_t> out(static_cast<std::size_t>(size * size * 3));
    resampler.run({pixels.data(), height, width, 3, stride}, params, kind, size, out.data());

    const bool is_vertical =
        is_vertical_first(height, width, params.resized_height, params.resized_width);
    for (int channel = 0; channel < 3; ++channel) {
      // [row][column] of the channel, then one pass after the other.
      std::vector<std::vector<int>> plane(static_cast<std::size_t>(height));
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          plane[static_cast<std::size_t>(y)].push_back(
              pixels[static_cast<std::size_t>(y * stride + x * 3 + channel)]);
        }
      }
      const auto transpose = [](const std::vector<std::vector<int>>& rows) {
        std::vector<std::vector<int>> columns(rows[0].size());
        for (const auto& row : rows) {
          for (std::size_t x = 0; x < row.size(); ++x) columns[x].push_back(row[x]);
        }
        return columns;
      };
      const auto resample_rows = [&](std::vector<std::vector<int>>& rows, int length) {
        for (auto& row : rows) row = resample_line(row, length, kind);
      };
      if (!is_vertical) resample_rows(plane, params.resized_width);
      plane = transpose(plane);
      resample_rows(plane, params.resized_height);
      plane = transpose(plane);
      if (is_vertical) resample_rows(plane, params.resized_width);
      bool is_same = true;
      for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
          is_same &= out[static_cast<std::size_t>((y * size + x) * 3 + channel)] ==
                     plane[static_cast<std::size_t>(params.window_top + y)]
                          [static_cast<std::size_t>(params.window_left + x)];
        }
      }
      CHECK(is_same);
    }
  }
}

void test_order_of_passes() {
  CHECK(!is_vertical_first(300, 400, 224, 224));
  CHECK(!is_vertical_first(100, 10, 200, 200));  // grows: rows first
  CHECK(is_vertical_first(230, 150, 224, 224));  // shrinks the height, grows the width
  CHECK(!is_vertical_first(264, 244, 224, 224) && is_vertical_first(265, 244, 224, 224));
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_filters();
  fastpass::test_taps_stay_inside();
  fastpass::test_constants_and_identities();
  fastpass::test_resampler_against_the_formulas();
  fastpass::test_order_of_passes();
  return RESULT();
}
