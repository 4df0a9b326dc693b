#include <cmath>
#include <random>
#include <vector>

#include "augment/cpu/resample_cpu.h"
#include "augment/resample.h"
#include "support/check.h"

namespace fastpass {
namespace {

// One pass over one line of gray values, straight from the formulas.
std::vector<int> resample_line(const std::vector<int>& line, int size,
                               Interpolation interpolation) {
  const ResampleAxis axis = make_resample_axis(
      static_cast<int>(line.size()), 0.0, static_cast<double>(line.size()), size, interpolation);
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
        const ResampleAxis axis = make_resample_axis(source, 0.0, source, size, kind);
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

using Plane = std::vector<std::vector<int>>;  // [row][column]

Plane transposed(const Plane& rows) {
  Plane columns(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t x = 0; x < row.size(); ++x) columns[x].push_back(row[x]);
  }
  return columns;
}

void resample_rows(Plane* rows, int length, Interpolation kind) {
  for (auto& row : *rows) row = resample_line(row, length, kind);
}

// A channel, one pass after the other.
Plane resample_plane(Plane plane, const ViewParams& params, Interpolation kind) {
  const bool is_vertical =
      is_vertical_first(params.height, params.width, params.resized_height, params.resized_width);
  if (!is_vertical) resample_rows(&plane, params.resized_width, kind);
  plane = transposed(plane);
  resample_rows(&plane, params.resized_height, kind);
  plane = transposed(plane);
  if (is_vertical) resample_rows(&plane, params.resized_width, kind);
  return plane;
}

struct Source {
  Source(int rows, int columns, int spare, std::mt19937* generator)
      : height(rows), width(columns), stride(columns * 3 + spare) {
    pixels.resize(static_cast<std::size_t>(stride * height));
    for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>((*generator)() & 255);
  }
  SourceRegion region() { return whole_image({pixels.data(), height, width, 3, stride}); }
  Plane plane(int channel, const ViewParams& box) const {
    Plane rows(static_cast<std::size_t>(box.height));
    for (int y = 0; y < box.height; ++y) {
      for (int x = 0; x < box.width; ++x) {
        const int place = (box.top + y) * stride + (box.left + x) * 3 + channel;
        rows[static_cast<std::size_t>(y)].push_back(pixels[static_cast<std::size_t>(place)]);
      }
    }
    return rows;
  }

  int height, width, stride;
  std::vector<std::uint8_t> pixels;  // ends right behind the last row: sanitizers see reads past it
};

// The renderer's loops against the formulas: box, window, mirror, order of passes, bands of rows,
// windows of columns, strides.
void test_resampler_against_the_formulas(const ViewRoutines& routines) {
  std::mt19937 generator(5);
  Resampler resampler(routines);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(generator);
  };
  for (int trial = 0; trial < 120; ++trial) {
    const int most = trial % 10 == 0 ? 400 : 90;
    // Wide enough for columns to be dropped and others to take their place.
    const bool is_wide = trial % 4 == 1;
    Source source(pick(1, most), is_wide ? pick(200, 500) : pick(1, most), pick(0, 9), &generator);
    ViewParams params;
    params.height = pick(1, source.height);
    params.width = is_wide ? source.width : pick(1, source.width);
    params.top = pick(0, source.height - params.height);
    params.left = pick(0, source.width - params.width);
    params.resized_height = trial % 7 == 0 ? params.height : pick(1, 70);
    params.resized_width = trial % 5 == 0 ? params.width : pick(1, 70);
    params.is_flipped = trial % 3 == 0;
    if (is_wide) params.resized_height = params.resized_width = pick(20, 70);
    const int most_size = std::min(params.resized_height, params.resized_width);
    const int size = is_wide ? most_size : pick(1, most_size);
    params.window_top = pick(0, params.resized_height - size);
    params.window_left = pick(0, params.resized_width - size);
    const Interpolation kind = trial % 2 ? Interpolation::kBicubic : Interpolation::kBilinear;
    const std::ptrdiff_t pitch = (size + 31) / 32 * 32;
    std::vector<std::uint8_t> out(static_cast<std::size_t>(3 * pitch * size));
    const ViewRows view = {out.data(), size, pitch};
    resampler.run(source.region(), params, kind, view);
    for (int channel = 0; channel < 3; ++channel) {
      const Plane plane = resample_plane(source.plane(channel, params), params, kind);
      bool is_same = true;
      for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
          const int column = params.window_left + (params.is_flipped ? size - 1 - x : x);
          is_same &= view.row(y, channel)[x] ==
                     plane[static_cast<std::size_t>(params.window_top + y)]
                          [static_cast<std::size_t>(column)];
        }
      }
      CHECK(is_same);
    }
  }
}

// A source at 1/2: the box begins between two pixels of it. A ramp stays a ramp, and lies where
// that of the full source does.
void test_scaled_source() {
  Resampler resampler(best_view_routines());
  constexpr int kWidth = 200, kHeight = 40;
  std::vector<std::uint8_t> pixels(kWidth / 2 * kHeight / 2 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const int x = static_cast<int>(i) / 3 % (kWidth / 2);
    pixels[i] = static_cast<std::uint8_t>(2 * x);  // the mean of x' at 2 x and 2 x + 1, less 1/2
  }
  SourceRegion source = {
      {pixels.data(), kHeight / 2, kWidth / 2, 3, kWidth / 2 * 3}, 0, 0, 2, kHeight, kWidth};
  ViewParams params;
  params.top = 3;
  params.left = 51;
  params.height = 33;
  params.width = 99;
  params.resized_height = params.resized_width = 16;
  std::vector<std::uint8_t> out(3 * 32 * 16);
  const ViewRows view = {out.data(), 16, 32};
  resampler.run(source, params, Interpolation::kBilinear, view);
  for (int x = 1; x < 15; ++x) {
    const double center = params.left + (x + 0.5) * params.width / 16.0 - 0.5;
    CHECK(std::fabs(view.row(8, 1)[x] - (center - 0.5)) < 1.1);
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
  for (const auto* routines : fastpass::available_view_routines()) {
    fastpass::test_resampler_against_the_formulas(*routines);
  }
  fastpass::test_scaled_source();
  fastpass::test_order_of_passes();
  return RESULT();
}
