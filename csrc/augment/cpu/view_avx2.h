// The functions of the table for AVX2 (with FMA and F16C, which all its processors have). Their
// sources call no inline function of a header that other sources include as well: the linker keeps
// one copy of such a function, and it must not be the one for AVX2.
#pragma once

#include "augment/cpu/view_routines.h"

namespace fastpass::avx2 {
namespace {

// ViewRows::row, with a copy per source.
[[maybe_unused]] std::uint8_t* row_of(const ViewRows& view, std::int32_t y, int channel) {
  return view.data + (3 * static_cast<std::ptrdiff_t>(y) + channel) * view.pitch;
}

}  // namespace

void weigh_columns(const std::uint8_t* const* rows, std::int32_t num_pixels, const TapTable& taps,
                   std::int32_t size, bool is_flipped, std::int32_t* columns, std::uint8_t* out);
void columns_to_rows(const std::uint8_t* columns, std::int32_t size, std::ptrdiff_t pitch,
                     std::uint8_t* const* rows);
void widen(const std::uint8_t* in, std::ptrdiff_t count, std::int32_t* out);
void weigh_rows(const std::int32_t* const* rows, const std::int32_t* weights, int num_taps,
                std::ptrdiff_t count, std::uint8_t* out);
std::uint64_t recolor(const ColorStep* steps, int num_steps, bool wants_luma, const ViewRows& view);
void box_blur(const BoxBlur& blur, const std::uint8_t* const* inputs, std::ptrdiff_t count,
              std::uint8_t* out);
void store(const ViewRows& view, const StoreFormat& format, void* out);
void split(const std::uint8_t* pixels, const ViewRows& view);

}  // namespace fastpass::avx2
