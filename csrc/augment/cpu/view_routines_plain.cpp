// Plain loops over the formulas of the headers: what every other table is compared with, and what
// processors without vectors of ours run. The list of all builds.
#include <algorithm>

#include "augment/blur.h"
#include "augment/color_steps.h"
#include "augment/cpu/view_routines.h"
#include "augment/normalize.h"
#include "augment/resample.h"
#include "augment/store_format.h"

namespace fastpass {
namespace {

void weigh_columns(const std::uint8_t* const* rows, std::int32_t num_pixels, const TapTable& taps,
                   std::int32_t size, bool is_flipped, std::int32_t* columns, std::uint8_t* out) {
  constexpr std::ptrdiff_t kColumn = 3 * kBandRows;
  for (std::int32_t i = 0; i < 3 * num_pixels; ++i) {
    for (int r = 0; r < kBandRows; ++r) columns[i * kBandRows + r] = rows[r][i];
  }
  std::int32_t sums[kColumn];
  for (std::int32_t x = 0; x < size; ++x) {
    const std::int32_t* weights = taps.weights + x * taps.stride;
    const std::int32_t* source = columns + kColumn * taps.first[x];
    std::fill(sums, sums + kColumn, weighted_sum_start());
    for (int tap = 0; tap < taps.count[x]; ++tap, source += kColumn) {
      for (std::ptrdiff_t i = 0; i < kColumn; ++i) sums[i] += source[i] * weights[tap];
    }
    std::uint8_t* column = out + kColumn * (is_flipped ? size - 1 - x : x);
    for (std::ptrdiff_t i = 0; i < kColumn; ++i) column[i] = weighted_sum_to_pixel(sums[i]);
  }
}

void columns_to_rows(const std::uint8_t* columns, std::int32_t size, std::ptrdiff_t pitch,
                     std::uint8_t* const* rows) {
  for (std::int32_t x = 0; x < size; ++x) {
    for (int channel = 0; channel < 3; ++channel, columns += kBandRows) {
      for (int r = 0; r < kBandRows; ++r) rows[r][channel * pitch + x] = columns[r];
    }
  }
}

void widen(const std::uint8_t* in, std::ptrdiff_t count, std::int32_t* out) {
  std::copy(in, in + count, out);
}

void weigh_rows(const std::int32_t* const* rows, const std::int32_t* weights, int num_taps,
                std::ptrdiff_t count, std::uint8_t* out) {
  constexpr std::ptrdiff_t kBlock = 64;
  std::int32_t sums[kBlock];
  for (std::ptrdiff_t begin = 0; begin < count; begin += kBlock) {
    const std::ptrdiff_t length = std::min(kBlock, count - begin);
    std::fill(sums, sums + length, weighted_sum_start());
    for (int tap = 0; tap < num_taps; ++tap) {
      const std::int32_t* row = rows[tap] + begin;
      for (std::ptrdiff_t i = 0; i < length; ++i) sums[i] += row[i] * weights[tap];
    }
    for (std::ptrdiff_t i = 0; i < length; ++i) out[begin + i] = weighted_sum_to_pixel(sums[i]);
  }
}

std::uint64_t recolor(const ColorStep* steps, int num_steps, bool wants_luma,
                      const ViewRows& view) {
  std::uint64_t luma_sum = 0;
  for (std::int32_t y = 0; y < view.size; ++y) {
    std::uint8_t *r = view.row(y, 0), *g = view.row(y, 1), *b = view.row(y, 2);
    for (std::int32_t x = 0; x < view.size; ++x) {
      for (int i = 0; i < num_steps; ++i) apply_step(steps[i], r + x, g + x, b + x);
      if (wants_luma) luma_sum += luma(r[x], g[x], b[x]);
    }
  }
  return luma_sum;
}

void box_blur(const BoxBlur& blur, const std::uint8_t* const* inputs, std::ptrdiff_t count,
              std::uint8_t* out) {
  const int last = 2 * blur.radius + 2;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    std::uint32_t sum = 0;
    for (int k = 1; k < last; ++k) sum += inputs[k][i];
    out[i] = blurred_pixel(blur, sum, std::uint32_t{inputs[0][i]} + inputs[last][i]);
  }
}

template <typename Value, typename Convert>
void store_as(const ViewRows& view, const StoreFormat& format, const Convert& convert, void* out) {
  const bool is_last = format.memory_format == MemoryFormat::kChannelsLast;
  const std::ptrdiff_t size = view.size;
  for (int channel = 0; channel < 3; ++channel) {
    Value table[256];
    for (int v = 0; v < 256; ++v) {
      const auto pixel = static_cast<std::uint8_t>(v);
      table[v] = convert(channel, solarize(pixel, format.solarize_threshold));
    }
    Value* at = static_cast<Value*>(out) + (is_last ? channel : channel * size * size);
    for (std::int32_t y = 0; y < size; ++y) {
      const std::uint8_t* row = view.row(y, channel);
      for (std::int32_t x = 0; x < size; ++x, at += is_last ? 3 : 1) *at = table[row[x]];
    }
  }
}

void store(const ViewRows& view, const StoreFormat& format, void* out) {
  const auto normalized = [&](int channel, std::uint8_t pixel) {
    return normalized_value(pixel, format.mean[channel], format.std[channel]);
  };
  switch (format.dtype) {
    case Dtype::kUint8:
      store_as<std::uint8_t>(view, format, [](int, std::uint8_t pixel) { return pixel; }, out);
      return;
    case Dtype::kFloat16:
      store_as<std::uint16_t>(
          view, format, [&](int c, std::uint8_t pixel) { return to_float16(normalized(c, pixel)); },
          out);
      return;
    case Dtype::kBfloat16:
      store_as<std::uint16_t>(
          view, format,
          [&](int c, std::uint8_t pixel) { return to_bfloat16(normalized(c, pixel)); }, out);
      return;
    case Dtype::kFloat32:
      store_as<float>(view, format, normalized, out);
      return;
  }
}

void split(const std::uint8_t* pixels, const ViewRows& view) {
  for (std::int32_t y = 0; y < view.size; ++y) {
    std::uint8_t *r = view.row(y, 0), *g = view.row(y, 1), *b = view.row(y, 2);
    for (std::int32_t x = 0; x < view.size; ++x, pixels += 3) {
      r[x] = pixels[0];
      g[x] = pixels[1];
      b[x] = pixels[2];
    }
  }
}

}  // namespace

const ViewRoutines kPlainViewRoutines = {"plain", weigh_columns, columns_to_rows, widen, weigh_rows,
                                         recolor, box_blur,      store,           split};

const std::vector<const ViewRoutines*>& available_view_routines() {
  using F = CpuFeature;
  static const auto builds = available_builds<ViewRoutines>({
      {&kPlainViewRoutines, {}},
      {&kAvx2ViewRoutines, {F::kAvx2, F::kFma, F::kF16c}},
  });
  return builds;
}

}  // namespace fastpass
