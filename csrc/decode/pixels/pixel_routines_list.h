// The tables that this build holds; pixel_routines_choice_x86.cpp or
// pixel_routines_choice_other.cpp says which of them the processor can run.
#pragma once

#include "decode/pixels/pixel_routines.h"

namespace fastpass {

extern const PixelRoutines kPlainPixelRoutines;
extern const PixelRoutines kAvx2PixelRoutines;
extern const PixelRoutines kAvx512PixelRoutines;

// Parts of the scalar table that the others fall back on.
void idct_1x1_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride);
void idct_4x4_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride);
void idct_8x8_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride);

}  // namespace fastpass
