// The tables that this build holds; pixel_kernels_x86.cpp or pixel_kernels_portable.cpp says which
// of them the processor can run.
#pragma once

#include "decode/pixel_kernels.h"

namespace fastpass {

extern const PixelKernels kScalarPixelKernels;
extern const PixelKernels kAvx2PixelKernels;
extern const PixelKernels kAvx512PixelKernels;

// Parts of the scalar table that the others fall back on.
void idct_1x1_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride);
void idct_4x4_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride);
void idct_8x8_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride);

}  // namespace fastpass
