#include "augment/cpu/resample_cpu.h"

#include <algorithm>
#include <array>

#include "augment/view_plan.h"

namespace fastpass {
namespace {

std::size_t index(std::ptrdiff_t value) { return static_cast<std::size_t>(value); }

std::ptrdiff_t round_up_32(std::ptrdiff_t value) { return (value + 31) / 32 * 32; }

template <typename Value>
void grow(std::vector<Value>* memory, std::ptrdiff_t size) {
  if (memory->size() < index(size)) memory->resize(index(size));
}

}  // namespace

void Resampler::turn_and_weigh(const std::uint8_t* const* rows, const Box& box, const ViewRows& out,
                               std::uint8_t* const* out_rows) {
  routines_.weigh_columns(rows, box.num_columns, horizontal_table_, out.size, is_flipped_,
                          columns_.data(), turned_.data());
  routines_.columns_to_rows(turned_.data(), out.size, out.pitch, out_rows);
}

void Resampler::plan_ring(std::ptrdiff_t row_values) {
  ring_stride_ = round_up_32(row_values);
  ring_rows_ = vertical_.most_taps();
  grow(&ring_, ring_stride_ * ring_rows_);
  taps_.resize(index(ring_rows_));
}

std::int32_t* Resampler::ring_row(std::int32_t y) {
  return ring_.data() + y % ring_rows_ * ring_stride_;
}

// Output row y, from rows that are all in the ring.
void Resampler::weigh_row(std::int32_t y, std::ptrdiff_t count, std::uint8_t* out) {
  const TapRange range = vertical_.range(y);
  for (std::int32_t tap = 0; tap < range.count; ++tap) {
    taps_[index(tap)] = ring_row(range.first + tap);
  }
  routines_.weigh_rows(taps_.data(), vertical_.weights(y), range.count, count, out);
}

void Resampler::run_horizontal_first(const Box& box, const ViewRows& out) {
  plan_ring(out.stride());
  grow(&band_, kBandRows * out.stride());
  std::array<const std::uint8_t*, kBandRows> rows;
  std::array<std::uint8_t*, kBandRows> band_rows;
  for (int r = 0; r < kBandRows; ++r) band_rows[index(r)] = band_.data() + r * out.stride();
  const std::int32_t end = box.first_row + box.num_rows;
  std::int32_t next = 0;  // row of the view
  for (std::int32_t first = box.first_row; first < end; first += kBandRows) {
    for (int r = 0; r < kBandRows; ++r) rows[index(r)] = box.row(std::min(first + r, end - 1));
    turn_and_weigh(rows.data(), box, out, band_rows.data());
    const std::int32_t band_end = std::min(first + kBandRows, end);
    for (std::int32_t y = first; y < band_end; ++y) {
      routines_.widen(band_rows[index(y - first)], out.stride(), ring_row(y));
      for (; next < out.size; ++next) {
        const TapRange range = vertical_.range(next);
        if (range.first + range.count > y + 1) break;
        weigh_row(next, out.stride(), out.row(next));
      }
    }
  }
}

void Resampler::run_vertical_first(const Box& box, const ViewRows& out) {
  const std::ptrdiff_t count = std::ptrdiff_t{3} * box.num_columns;
  const std::ptrdiff_t stride = round_up_32(count);
  plan_ring(count);
  grow(&band_, kBandRows * stride);
  grow(&spare_row_, out.stride());
  std::array<const std::uint8_t*, kBandRows> rows;
  std::array<std::uint8_t*, kBandRows> out_rows;
  std::int32_t next = box.first_row;  // row of the source
  for (std::int32_t first = 0; first < out.size; first += kBandRows) {
    for (int r = 0; r < kBandRows; ++r) {
      const std::int32_t y = first + r;
      rows[index(r)] = band_.data() + std::min(r, out.size - 1 - first) * stride;
      out_rows[index(r)] = y < out.size ? out.row(y) : spare_row_.data();
      if (y >= out.size) continue;
      const TapRange range = vertical_.range(y);
      next = std::max(next, range.first);
      for (; next < range.first + range.count; ++next) {
        routines_.widen(box.row(next), count, ring_row(next));
      }
      weigh_row(y, count, band_.data() + r * stride);
    }
    turn_and_weigh(rows.data(), box, out, out_rows.data());
  }
}

void Resampler::run(const SourceRegion& source, const ViewParams& params,
                    Interpolation interpolation, const ViewRows& out) {
  const SourceSpan across = span_across(source, params);
  const SourceSpan down = span_down(source, params);
  horizontal_.compute(make_resample_axis(across.size, across.start, across.length,
                                         params.resized_width, interpolation),
                      params.window_left, out.size);
  vertical_.compute(
      make_resample_axis(down.size, down.start, down.length, params.resized_height, interpolation),
      params.window_top, out.size);
  horizontal_table_ = horizontal_.table();
  is_flipped_ = params.is_flipped;
  const TapRange columns = horizontal_.covered(), rows = vertical_.covered();
  Box box{};
  box.first_row = rows.first;
  box.num_rows = rows.count;
  box.num_columns = columns.count;
  box.stride = source.pixels.stride;
  box.data = source.pixels.row(down.first + rows.first) +
             std::ptrdiff_t{3} * (across.first + columns.first);
  const std::ptrdiff_t most = std::max(box.num_columns, horizontal_.most_taps());
  grow(&columns_, 3 * kBandRows * (most + kColumnMargin));
  grow(&turned_, 3 * kBandRows * out.pitch);
  if (is_vertical_first(down.size, across.size, params.resized_height, params.resized_width)) {
    run_vertical_first(box, out);
  } else {
    run_horizontal_first(box, out);
  }
}

}  // namespace fastpass
