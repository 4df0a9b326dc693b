// The inner loops from coefficients to RGB, one table of functions per instruction set. All of them
// give the same bits: those of libjpeg-turbo's SIMD code (islow IDCT, fancy upsampling).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/instruction_sets.h"
#include "decode/syntax/block_group.h"

namespace fastpass {

// The inner loops as one instruction set has them.
struct PixelRoutines {
  const char* name;  // "plain", "avx2", "avx512"

  // [log2 of the samples per block side]: 1x1, 2x2, 4x4, 8x8 samples per block. `groups` lie side
  // by side; sample row y of the i-th block goes to out + y * stride + i * side. Always writes
  // whole groups: out has room for num_groups * 4 blocks. `coefficients` is aligned to 64 bytes.
  using Idct = void (*)(const std::int16_t* coefficients, int num_groups,
                        const std::uint16_t* quant, std::uint8_t* out, std::ptrdiff_t stride);
  Idct idct[4];

  // `width` input samples; input may be read from in[-1] to in[width] (those two exist: at a border
  // of the image they repeat the outermost sample), and up to 64 bytes past that without effect.
  // Output rows have room for 128 bytes more than their length, which may be overwritten.
  void (*upsample_h2v1)(const std::uint8_t* in, int width, std::uint8_t* out);
  // The row of the output that lies nearer to `near` than to `far` (3/4 and 1/4).
  void (*upsample_h2v2)(const std::uint8_t* near, const std::uint8_t* far, int width,
                        std::uint8_t* out);
  // bias 1 for the upper of the two output rows, 2 for the lower.
  void (*upsample_h1v2)(const std::uint8_t* near, const std::uint8_t* far, int width, int bias,
                        std::uint8_t* out);

  // Exactly 3 * width bytes are written; up to 64 bytes past the input's end may be read.
  void (*ycc_to_rgb)(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr,
                     int width, std::uint8_t* rgb);
  void (*gray_to_rgb)(const std::uint8_t* y, int width, std::uint8_t* rgb);
  void (*interleave_rgb)(const std::uint8_t* r, const std::uint8_t* g, const std::uint8_t* b,
                         int width, std::uint8_t* rgb);
};

extern const PixelRoutines kPlainPixelRoutines;
extern FASTPASS_X86_ONLY const PixelRoutines kAvx2PixelRoutines;
extern FASTPASS_X86_ONLY const PixelRoutines kAvx512PixelRoutines;

// Parts of the plain table that the others fall back on.
void idct_1x1_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride);
void idct_4x4_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride);
void idct_8x8_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride);

// Those that this processor can run, the best last.
const std::vector<const PixelRoutines*>& available_pixel_routines();
inline const PixelRoutines& best_pixel_routines() { return *available_pixel_routines().back(); }

}  // namespace fastpass
