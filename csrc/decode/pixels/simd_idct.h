// idct_8x8 of idct.h on vectors: each 128-bit lane holds one row of one block, and the blocks of a
// group lie side by side (block_group.h). V is Avx2, Avx512, ...
//
// Every sum and saturation is that of the formula, so that the bits agree for any input; blocks
// whose first row is so large that the formula's special case matters are left to the formula.
#pragma once

#include <cstddef>
#include <cstdint>

#include "decode/pixels/idct_constants.h"
#include "decode/pixels/pixel_routines.h"

namespace fastpass {

template <class V>
inline typename V::Reg pair_constant(int even, int odd) {
  return V::set32(static_cast<int>((static_cast<std::uint32_t>(odd) << 16) |
                                   (static_cast<std::uint32_t>(even) & 0xFFFFu)));
}

// a * (16-bit element of even index) + b * (the next), in 32 bits.
template <class V>
inline typename V::Reg combine(typename V::Reg pairs, int a, int b) {
  return V::mul_add_pairs(pairs, pair_constant<V>(a, b));
}

// The first pass: 2^2 times the transform, in order.
template <class V>
inline typename V::Reg finish_first_pass(typename V::Reg low, typename V::Reg high) {
  return V::pack32(V::template right32<11>(low), V::template right32<11>(high));
}

// The second: the samples less 128, in the order 0 4 1 5 2 6 3 7 of each lane. The upper halves of
// the sums cannot overflow, so that two shifts do what would take a saturating pack otherwise.
template <class V>
inline typename V::Reg finish_second_pass(typename V::Reg low, typename V::Reg high) {
  return V::template right16<2>(V::upper_halves(low, high));
}

constexpr int kFirstRounding = 1 << 10;
constexpr int kSecondRounding = 1 << 17;

template <class V>
inline void add_and_subtract(const typename V::Reg even[4], const typename V::Reg odd[4],
                             typename V::Reg sums[8]) {
  for (int k = 0; k < 4; ++k) {
    sums[k] = V::add32(even[k], odd[k]);
    sums[7 - k] = V::sub32(even[k], odd[k]);
  }
}

// What four sums per lane are made of: in[0] +- in[4], wrapped to 16 bits, times 2^13; and pairs of
// inputs, element by element.
template <class V>
struct SumParts {
  typename V::Reg sum04, difference04, in26, in71, in35;
};

// idct_sums_8, with rounding added.
template <class V>
inline void sums_8(const SumParts<V>& parts, int rounding, typename V::Reg sums[8]) {
  using Reg = typename V::Reg;
  const Reg half = V::set32(rounding);
  const Reg sum04 = V::add32(parts.sum04, half);
  const Reg difference04 = V::add32(parts.difference04, half);
  const Reg even2 = combine<V>(parts.in26, kFix0_541, kFix0_541 - kFix1_847);
  const Reg even3 = combine<V>(parts.in26, kFix0_541 + kFix0_765, kFix0_541);
  const Reg even[4] = {V::add32(sum04, even3), V::add32(difference04, even2),
                       V::sub32(difference04, even2), V::sub32(sum04, even3)};
  const Reg sums37_15 = V::add16(parts.in35, parts.in71);
  const Reg z3 = combine<V>(sums37_15, kFix1_175 - kFix1_961, kFix1_175);
  const Reg z4 = combine<V>(sums37_15, kFix1_175, kFix1_175 - kFix0_390);
  const Reg odd[4] = {V::add32(combine<V>(parts.in71, -kFix0_899, kFix1_501 - kFix0_899), z4),
                      V::add32(combine<V>(parts.in35, kFix3_072 - kFix2_562, -kFix2_562), z3),
                      V::add32(combine<V>(parts.in35, -kFix2_562, kFix2_053 - kFix2_562), z4),
                      V::add32(combine<V>(parts.in71, kFix0_298 - kFix0_899, -kFix0_899), z3)};
  add_and_subtract<V>(even, odd, sums);
}

template <class V>
inline void first_pass(const typename V::Reg in[8], typename V::Reg out[8]) {
  using Reg = typename V::Reg;
  const Reg sum = V::add16(in[0], in[4]), difference = V::sub16(in[0], in[4]);
  const Reg both_low = V::low16(sum, difference), both_high = V::high16(sum, difference);
  Reg low[8], high[8];
  sums_8<V>({combine<V>(both_low, 8192, 0), combine<V>(both_low, 0, 8192), V::low16(in[2], in[6]),
             V::low16(in[7], in[1]), V::low16(in[3], in[5])},
            kFirstRounding, low);
  sums_8<V>({combine<V>(both_high, 8192, 0), combine<V>(both_high, 0, 8192),
             V::high16(in[2], in[6]), V::high16(in[7], in[1]), V::high16(in[3], in[5])},
            kFirstRounding, high);
  for (int k = 0; k < 8; ++k) out[k] = finish_first_pass<V>(low[k], high[k]);
}

// The parts of four rows' transforms. Columns that are combined become neighbors, so that pairs
// move as a whole in the transposition.
template <class V>
inline SumParts<V> parts_of_rows(const typename V::Reg rows[4]) {
  using Reg = typename V::Reg;
  static const std::uint8_t kColumns26713504[16] = {4, 5, 12, 13, 14, 15, 2, 3,
                                                    6, 7, 10, 11, 0,  1,  8, 9};
  const Reg order = V::load_lane(kColumns26713504);
  const Reg a = V::shuffle8(rows[0], order), b = V::shuffle8(rows[1], order);
  const Reg c = V::shuffle8(rows[2], order), d = V::shuffle8(rows[3], order);
  const Reg ab_2671 = V::low32(a, b), ab_3504 = V::high32(a, b);
  const Reg cd_2671 = V::low32(c, d), cd_3504 = V::high32(c, d);
  const Reg in04 = V::high64(ab_3504, cd_3504);
  const Reg in_0 = V::template left32<16>(in04);  // in[0] where in04 holds in[4]
  return {combine<V>(V::add16(in_0, in04), 0, 8192), combine<V>(V::sub16(in_0, in04), 0, 8192),
          V::low64(ab_2671, cd_2671), V::high64(ab_2671, cd_2671), V::low64(ab_3504, cd_3504)};
}

template <class V>
inline void second_pass(const typename V::Reg rows[8], typename V::Reg columns[8]) {
  typename V::Reg low[8], high[8];
  sums_8<V>(parts_of_rows<V>(rows), kSecondRounding, low);
  sums_8<V>(parts_of_rows<V>(rows + 4), kSecondRounding, high);
  for (int k = 0; k < 8; ++k) columns[k] = finish_second_pass<V>(low[k], high[k]);
}

// The factors of sums_8's four even (of in[0], in[2]) and four odd sums (of in[1], in[3]) where
// in[4] to in[7] are zero: each is then one product of a pair.
constexpr int kLowEven[4][2] = {{8192, kFix0_541 + kFix0_765},
                                {8192, kFix0_541},
                                {8192, -kFix0_541},
                                {8192, -kFix0_541 - kFix0_765}};
constexpr int kLowOdd[4][2] = {{kFix1_501 - kFix0_899 + kFix1_175 - kFix0_390, kFix1_175},
                               {kFix1_175, kFix3_072 - kFix2_562 + kFix1_175 - kFix1_961},
                               {kFix1_175 - kFix0_390, kFix1_175 - kFix2_562},
                               {kFix1_175 - kFix0_899, kFix1_175 - kFix1_961}};

template <class V>
inline void sums_low_4(typename V::Reg in02, typename V::Reg in13, int rounding,
                       typename V::Reg sums[8]) {
  typename V::Reg even[4], odd[4];
  for (int k = 0; k < 4; ++k) {
    even[k] = V::add32(combine<V>(in02, kLowEven[k][0], kLowEven[k][1]), V::set32(rounding));
    odd[k] = combine<V>(in13, kLowOdd[k][0], kLowOdd[k][1]);
  }
  add_and_subtract<V>(even, odd, sums);
}

// columns[x]: column x of every block, as second_pass leaves it.
template <class V>
inline void store_8x8(const typename V::Reg columns[8], std::uint8_t* out, std::ptrdiff_t stride) {
  using Reg = typename V::Reg;
  const Reg center = V::set8(128);
  const Reg p04 = V::add8(V::pack16(columns[0], columns[4]), center);
  const Reg p26 = V::add8(V::pack16(columns[2], columns[6]), center);
  const Reg p15 = V::add8(V::pack16(columns[1], columns[5]), center);
  const Reg p37 = V::add8(V::pack16(columns[3], columns[7]), center);
  const Reg q01 = V::low8(p04, p15), q45 = V::high8(p04, p15);
  const Reg q23 = V::low8(p26, p37), q67 = V::high8(p26, p37);
  const Reg left_0415 = V::low16(q01, q23), left_2637 = V::high16(q01, q23);
  const Reg right_0415 = V::low16(q45, q67), right_2637 = V::high16(q45, q67);
  V::store_halves(V::low32(left_0415, right_0415), out, out + 4 * stride);
  V::store_halves(V::high32(left_0415, right_0415), out + stride, out + 5 * stride);
  V::store_halves(V::low32(left_2637, right_2637), out + 2 * stride, out + 6 * stride);
  V::store_halves(V::high32(left_2637, right_2637), out + 3 * stride, out + 7 * stride);
}

// Whether 4 * row wraps anywhere (see has_only_first_row).
template <class V>
inline bool is_extreme(typename V::Reg row) {
  return !V::is_zero(V::differing(V::template right16<2>(V::template left16<2>(row)), row));
}

// The first pass where row[4] to row[7] are zero.
template <class V>
inline void first_pass_low_4(const typename V::Reg row[4], typename V::Reg out[8]) {
  typename V::Reg low[8], high[8];
  sums_low_4<V>(V::low16(row[0], row[2]), V::low16(row[1], row[3]), kFirstRounding, low);
  sums_low_4<V>(V::high16(row[0], row[2]), V::high16(row[1], row[3]), kFirstRounding, high);
  for (int k = 0; k < 8; ++k) out[k] = finish_first_pass<V>(low[k], high[k]);
}

// Both passes where the columns 4 to 7 are zero as well: half the first falls away, and its results
// come out as the second wants them.
template <class V>
inline void idct_low_4x4(const typename V::Reg row[4], std::uint8_t* out, std::ptrdiff_t stride) {
  using Reg = typename V::Reg;
  // Columns in the order 0 2 1 3: those that the second pass combines are then neighbors.
  const Reg in02 = V::swap_middle32(V::low16(row[0], row[2]));
  const Reg in13 = V::swap_middle32(V::low16(row[1], row[3]));
  Reg sums[8], low[8], high[8];
  sums_low_4<V>(in02, in13, kFirstRounding, sums);
  for (Reg& sum : sums) sum = V::template right32<11>(sum);
  const Reg rows04 = V::pack32(sums[0], sums[4]), rows15 = V::pack32(sums[1], sums[5]);
  const Reg rows26 = V::pack32(sums[2], sums[6]), rows37 = V::pack32(sums[3], sums[7]);
  const Reg rows01 = V::low32(rows04, rows15), rows45 = V::high32(rows04, rows15);
  const Reg rows23 = V::low32(rows26, rows37), rows67 = V::high32(rows26, rows37);
  sums_low_4<V>(V::low64(rows01, rows23), V::high64(rows01, rows23), kSecondRounding, low);
  sums_low_4<V>(V::low64(rows45, rows67), V::high64(rows45, rows67), kSecondRounding, high);
  Reg columns[8];
  for (int k = 0; k < 8; ++k) columns[k] = finish_second_pass<V>(low[k], high[k]);
  store_8x8<V>(columns, out, stride);
}

// Blocks of one value each: `row` holds their DC coefficients, dequantized.
template <class V>
inline void fill_8x8(typename V::Reg row, std::uint8_t* out, std::ptrdiff_t stride) {
  using Reg = typename V::Reg;
  // The two passes shift by 2 to the left and by 5 to the right, with rounding.
  const Reg levels = V::template right16<3>(V::add16(row, V::set16(4)));
  const Reg samples = V::add8(V::pack16(levels, levels), V::set8(128));
  const Reg filled = V::shuffle8(samples, V::zero());
  for (int y = 0; y < 4; ++y) V::store_halves(filled, out + y * stride, out + (4 + y) * stride);
}

// V::kLanes blocks. False, and nothing is written, where the formula must do it.
template <class V>
inline bool idct_8x8_lanes(const std::int16_t* rows, const typename V::Reg quant[8],
                           std::uint8_t* out, std::ptrdiff_t stride) {
  using Reg = typename V::Reg;
  Reg r[8], results[8];
  for (int y = 0; y < 8; ++y) r[y] = V::load(rows + y * kGroupStride);
  const Reg lower = V::either(V::either(r[4], r[5]), V::either(r[6], r[7]));
  for (int y = 0; y < 4; ++y) r[y] = V::mul16(r[y], quant[y]);
  if (is_extreme<V>(r[0])) return false;
  if (V::is_zero(lower)) {
    const Reg middle = V::either(V::either(r[1], r[2]), r[3]);
    const Reg all = V::either(r[0], middle);
    if (V::is_zero(V::high64(all, all))) {
      if (V::is_zero(V::either(middle, V::without_first16(r[0])))) {
        fill_8x8<V>(r[0], out, stride);
      } else {
        idct_low_4x4<V>(r, out, stride);
      }
      return true;
    }
    first_pass_low_4<V>(r, results);
  } else {
    for (int y = 4; y < 8; ++y) r[y] = V::mul16(r[y], quant[y]);
    first_pass<V>(r, results);
  }
  second_pass<V>(results, r);
  store_8x8<V>(r, out, stride);
  return true;
}

template <class V>
void simd_idct_8x8(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                   std::uint8_t* out, std::ptrdiff_t stride) {
  typename V::Reg steps[8];
  for (int y = 0; y < 8; ++y) steps[y] = V::load_lane(quant + 8 * y);
  for (int group = 0; group < num_groups; ++group, coefficients += kGroupCoefficients, out += 32) {
    bool done = true;
    for (int block = 0; block < kGroupBlocks && done; block += V::kLanes)
      done = idct_8x8_lanes<V>(coefficients + 8 * block, steps, out + 8 * block, stride);
    if (!done) idct_8x8_groups(coefficients, 1, quant, out, stride);
  }
}

}  // namespace fastpass
