// The inverse cosine transforms of libjpeg-turbo's accurate integer method ("islow", Loeffler,
// Ligtenberg and Moschytz 1989), of its reduced forms with 4, 2 and 1 samples per block side, and
// of its SIMD code where that differs: products of coefficient and quantization step wrap to 16
// bits, the first pass saturates to 16 bits. Valid files never get there; damaged ones do.
#pragma once

#include <cstdint>

#include "common/hd.h"
#include "decode/pixels/idct_constants.h"

namespace fastpass {

FASTPASS_HD inline int wrap_to_int16(int value) {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(value));
}

FASTPASS_HD inline int saturate_to_int16(int value) {
  return value < -32768 ? -32768 : value > 32767 ? 32767 : value;
}

FASTPASS_HD inline std::uint8_t level_to_sample(int level) {
  return static_cast<std::uint8_t>(level < -128 ? 0 : level > 127 ? 255 : level + 128);
}

FASTPASS_HD inline int dequantize(int coefficient, int step) {
  return wrap_to_int16(coefficient * static_cast<std::int16_t>(step));
}

// a * b as a term of a sum that wraps at 32 bits.
FASTPASS_HD inline std::uint32_t product(int a, int b) { return static_cast<std::uint32_t>(a * b); }

template <int kShift>
FASTPASS_HD inline int descale(std::uint32_t sum) {
  return static_cast<std::int32_t>(sum + (1u << (kShift - 1))) >> kShift;
}

// Eight values of 16 bits to eight sums, 2^13 times their transform.
FASTPASS_HD inline void idct_sums_8(const int in[8], std::uint32_t out[8]) {
  const std::uint32_t sum04 = product(wrap_to_int16(in[0] + in[4]), 8192);
  const std::uint32_t difference04 = product(wrap_to_int16(in[0] - in[4]), 8192);
  const std::uint32_t even2 = product(in[2], kFix0_541) + product(in[6], kFix0_541 - kFix1_847);
  const std::uint32_t even3 = product(in[2], kFix0_541 + kFix0_765) + product(in[6], kFix0_541);
  const std::uint32_t even[4] = {sum04 + even3, difference04 + even2, difference04 - even2,
                                 sum04 - even3};
  const int sum37 = wrap_to_int16(in[3] + in[7]);
  const int sum15 = wrap_to_int16(in[1] + in[5]);
  const std::uint32_t z3 = product(sum37, kFix1_175 - kFix1_961) + product(sum15, kFix1_175);
  const std::uint32_t z4 = product(sum37, kFix1_175) + product(sum15, kFix1_175 - kFix0_390);
  const std::uint32_t odd[4] = {
      product(in[1], kFix1_501 - kFix0_899) - product(in[7], kFix0_899) + z4,
      product(in[3], kFix3_072 - kFix2_562) - product(in[5], kFix2_562) + z3,
      product(in[5], kFix2_053 - kFix2_562) - product(in[3], kFix2_562) + z4,
      product(in[7], kFix0_298 - kFix0_899) - product(in[1], kFix0_899) + z3};
  for (int k = 0; k < 4; ++k) {
    out[k] = even[k] + odd[k];
    out[7 - k] = even[k] - odd[k];
  }
}

// Four sums of 2^14 times the transform; in[4] is not looked at.
FASTPASS_HD inline void idct_sums_4(const int in[8], std::uint32_t out[4]) {
  const std::uint32_t even0 = product(in[0], 16384);
  const std::uint32_t even2 = product(in[2], kFix1_847) - product(in[6], kFix0_765);
  const std::uint32_t odd0 = product(in[1], kFix1_061) - product(in[3], kFix2_172) +
                             product(in[5], kFix1_451) - product(in[7], kFix0_211);
  const std::uint32_t odd2 = product(in[1], kFix2_562) + product(in[3], kFix0_899) -
                             product(in[5], kFix0_601) - product(in[7], kFix0_509);
  out[0] = even0 + even2 + odd2;
  out[3] = even0 + even2 - odd2;
  out[1] = even0 - even2 + odd0;
  out[2] = even0 - even2 - odd0;
}

// Two sums of 2^15 times the transform; in[2], in[4] and in[6] are not looked at.
FASTPASS_HD inline void idct_sums_2(const int in[8], std::uint32_t out[2]) {
  const std::uint32_t even = static_cast<std::uint32_t>(in[0]) << 15;
  const std::uint32_t odd = product(in[1], kFix3_624) - product(in[3], kFix1_272) +
                            product(in[5], kFix0_850) - product(in[7], kFix0_720);
  out[0] = even + odd;
  out[1] = even - odd;
}

// Whether the rows from 1 on (except row `ignored`) hold nothing. Then the first pass only shifts,
// and what does not fit in 16 bits wraps instead of saturating.
FASTPASS_HD inline bool has_only_first_row(const std::int16_t* block, int row_stride, int ignored) {
  int seen = 0;
  for (int row = 1; row < 8; ++row) {
    for (int x = 0; x < 8 && row != ignored; ++x) seen |= block[row * row_stride + x];
  }
  return seen == 0;
}

FASTPASS_HD inline void dequantize_column(const std::int16_t* block, int row_stride,
                                          const std::uint16_t* quant, int column, int out[8]) {
  for (int row = 0; row < 8; ++row)
    out[row] = dequantize(block[row * row_stride + column], quant[row * 8 + column]);
}

// `block`: rows of eight coefficients, row_stride apart; `quant`: steps, natural order.
FASTPASS_HD inline void idct_8x8(const std::int16_t* block, int row_stride,
                                 const std::uint16_t* quant, std::uint8_t* out,
                                 std::int64_t stride) {
  const bool only_first_row = has_only_first_row(block, row_stride, -1);
  int rows[8][8];
  std::uint32_t sums[8];
  for (int x = 0; x < 8; ++x) {
    int column[8];
    dequantize_column(block, row_stride, quant, x, column);
    idct_sums_8(column, sums);
    for (int y = 0; y < 8; ++y) {
      rows[y][x] =
          only_first_row ? wrap_to_int16(column[0] * 4) : saturate_to_int16(descale<11>(sums[y]));
    }
  }
  for (int y = 0; y < 8; ++y) {
    idct_sums_8(rows[y], sums);
    for (int x = 0; x < 8; ++x) out[y * stride + x] = level_to_sample(descale<18>(sums[x]));
  }
}

FASTPASS_HD inline void idct_4x4(const std::int16_t* block, int row_stride,
                                 const std::uint16_t* quant, std::uint8_t* out,
                                 std::int64_t stride) {
  const bool only_first_row = has_only_first_row(block, row_stride, 4);
  int rows[4][8];
  std::uint32_t sums[4];
  for (int x = 0; x < 8; ++x) {
    int column[8];
    dequantize_column(block, row_stride, quant, x, column);
    idct_sums_4(column, sums);
    for (int y = 0; y < 4; ++y) {
      rows[y][x] =
          only_first_row ? wrap_to_int16(column[0] * 4) : saturate_to_int16(descale<12>(sums[y]));
    }
  }
  for (int y = 0; y < 4; ++y) {
    idct_sums_4(rows[y], sums);
    for (int x = 0; x < 4; ++x) out[y * stride + x] = level_to_sample(descale<19>(sums[x]));
  }
}

FASTPASS_HD inline void idct_2x2(const std::int16_t* block, int row_stride,
                                 const std::uint16_t* quant, std::uint8_t* out,
                                 std::int64_t stride) {
  int rows[2][8];
  std::uint32_t sums[2];
  for (int x = 0; x < 8; ++x) {
    int column[8];
    dequantize_column(block, row_stride, quant, x, column);
    idct_sums_2(column, sums);
    for (int y = 0; y < 2; ++y) {
      const int level = descale<13>(sums[y]);
      rows[y][x] = x == 0 ? level : saturate_to_int16(level);
    }
  }
  for (int y = 0; y < 2; ++y) {
    idct_sums_2(rows[y], sums);
    for (int x = 0; x < 2; ++x) out[y * stride + x] = level_to_sample(descale<20>(sums[x]));
  }
}

// The mean of the block. libjpeg keeps 10 bits of it before it saturates.
FASTPASS_HD inline std::uint8_t idct_1x1(int dc, int step) {
  const int mean = (dc * static_cast<std::int16_t>(step) + 4) >> 3;
  return level_to_sample(((mean & 1023) ^ 512) - 512);
}

}  // namespace fastpass
