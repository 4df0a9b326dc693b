// idct_8x8 of idct.h on vectors: each 128-bit lane holds one row of one block, and the blocks of a
// group lie side by side (block_group.h). V is Avx2, Avx512, ...
//
// Every sum and saturation is that of the formula, so that the bits agree for any input; blocks
// whose first row is so large that the formula's special case matters are left to the formula.
#pragma once

#include <cstddef>
#include <cstdint>

#include "decode/idct_constants.h"
#include "decode/pixel_kernels_list.h"

namespace fastpass {

// Sums of 32 bits for eight elements of 16 bits per lane.
template <class V>
struct WideSums {
  typename V::Reg low, high;
};

template <class V>
inline typename V::Reg pair_constant(int even, int odd) {
  return V::set32(static_cast<int>((static_cast<std::uint32_t>(odd) << 16) |
                                   (static_cast<std::uint32_t>(even) & 0xFFFFu)));
}

// Two rows, element by element, for linear combinations a * first + b * second.
template <class V>
class RowPair {
 public:
  RowPair(typename V::Reg first, typename V::Reg second)
      : low_(V::low16(first, second)), high_(V::high16(first, second)) {}
  WideSums<V> combine(int a, int b) const {
    const typename V::Reg factors = pair_constant<V>(a, b);
    return {V::mul_add_pairs(low_, factors), V::mul_add_pairs(high_, factors)};
  }

 private:
  typename V::Reg low_, high_;
};

template <class V>
inline WideSums<V> operator+(WideSums<V> a, WideSums<V> b) {
  return {V::add32(a.low, b.low), V::add32(a.high, b.high)};
}
template <class V>
inline WideSums<V> operator-(WideSums<V> a, WideSums<V> b) {
  return {V::sub32(a.low, b.low), V::sub32(a.high, b.high)};
}
template <class V>
inline WideSums<V> plus_constant(WideSums<V> a, int value) {
  const typename V::Reg constant = V::set32(value);
  return {V::add32(a.low, constant), V::add32(a.high, constant)};
}

// The first pass: 2^2 times the transform, in order.
template <class V>
struct FirstPass {
  static constexpr int kRounding = 1 << 10;
  static typename V::Reg finish(WideSums<V> sums) {
    return V::pack32(V::template right32<11>(sums.low), V::template right32<11>(sums.high));
  }
};

// The second: the samples less 128, in the order 0 4 1 5 2 6 3 7 of each lane. The upper halves of
// the sums cannot overflow, so that two shifts do what would take a saturating pack otherwise.
template <class V>
struct SecondPass {
  static constexpr int kRounding = 1 << 17;
  static typename V::Reg finish(WideSums<V> sums) {
    return V::template right16<2>(V::upper_halves(sums.low, sums.high));
  }
};

template <class V, class Pass>
inline void finish_butterfly(const WideSums<V> even[4], const WideSums<V> odd[4],
                             typename V::Reg out[8]) {
  for (int k = 0; k < 4; ++k) {
    out[k] = Pass::finish(even[k] + odd[k]);
    out[7 - k] = Pass::finish(even[k] - odd[k]);
  }
}

template <class V, class Pass>
inline void transform_8(const typename V::Reg in[8], typename V::Reg out[8]) {
  const RowPair<V> in26(in[2], in[6]);
  const RowPair<V> sum_difference(V::add16(in[0], in[4]), V::sub16(in[0], in[4]));
  const WideSums<V> sum04 = plus_constant(sum_difference.combine(8192, 0), Pass::kRounding);
  const WideSums<V> difference04 = plus_constant(sum_difference.combine(0, 8192), Pass::kRounding);
  const WideSums<V> even2 = in26.combine(kFix0_541, kFix0_541 - kFix1_847);
  const WideSums<V> even3 = in26.combine(kFix0_541 + kFix0_765, kFix0_541);
  const WideSums<V> even[4] = {sum04 + even3, difference04 + even2, difference04 - even2,
                               sum04 - even3};

  const RowPair<V> sums(V::add16(in[3], in[7]), V::add16(in[1], in[5]));
  const WideSums<V> z3 = sums.combine(kFix1_175 - kFix1_961, kFix1_175);
  const WideSums<V> z4 = sums.combine(kFix1_175, kFix1_175 - kFix0_390);
  const RowPair<V> in17(in[1], in[7]);
  const RowPair<V> in35(in[3], in[5]);
  const WideSums<V> odd[4] = {in17.combine(kFix1_501 - kFix0_899, -kFix0_899) + z4,
                              in35.combine(kFix3_072 - kFix2_562, -kFix2_562) + z3,
                              in35.combine(-kFix2_562, kFix2_053 - kFix2_562) + z4,
                              in17.combine(-kFix0_899, kFix0_298 - kFix0_899) + z3};
  finish_butterfly<V, Pass>(even, odd, out);
}

// The same where in[4] to in[7] are zero: each sum is one product of a pair.
template <class V, class Pass>
inline void transform_low_4(const typename V::Reg in[4], typename V::Reg out[8]) {
  const RowPair<V> in02(in[0], in[2]);
  const int outer = kFix0_541 + kFix0_765;
  const WideSums<V> even[4] = {plus_constant(in02.combine(8192, outer), Pass::kRounding),
                               plus_constant(in02.combine(8192, kFix0_541), Pass::kRounding),
                               plus_constant(in02.combine(8192, -kFix0_541), Pass::kRounding),
                               plus_constant(in02.combine(8192, -outer), Pass::kRounding)};
  const RowPair<V> in13(in[1], in[3]);
  const WideSums<V> odd[4] = {
      in13.combine(kFix1_501 - kFix0_899 + kFix1_175 - kFix0_390, kFix1_175),
      in13.combine(kFix1_175, kFix3_072 - kFix2_562 + kFix1_175 - kFix1_961),
      in13.combine(kFix1_175 - kFix0_390, kFix1_175 - kFix2_562),
      in13.combine(kFix1_175 - kFix0_899, kFix1_175 - kFix1_961)};
  finish_butterfly<V, Pass>(even, odd, out);
}

template <class V>
inline void transpose_8x8(typename V::Reg r[8]) {
  using Reg = typename V::Reg;
  const Reg a0 = V::low16(r[0], r[1]), a1 = V::high16(r[0], r[1]);
  const Reg a2 = V::low16(r[2], r[3]), a3 = V::high16(r[2], r[3]);
  const Reg a4 = V::low16(r[4], r[5]), a5 = V::high16(r[4], r[5]);
  const Reg a6 = V::low16(r[6], r[7]), a7 = V::high16(r[6], r[7]);
  const Reg b0 = V::low32(a0, a2), b1 = V::high32(a0, a2);
  const Reg b2 = V::low32(a1, a3), b3 = V::high32(a1, a3);
  const Reg b4 = V::low32(a4, a6), b5 = V::high32(a4, a6);
  const Reg b6 = V::low32(a5, a7), b7 = V::high32(a5, a7);
  r[0] = V::low64(b0, b4);
  r[1] = V::high64(b0, b4);
  r[2] = V::low64(b1, b5);
  r[3] = V::high64(b1, b5);
  r[4] = V::low64(b2, b6);
  r[5] = V::high64(b2, b6);
  r[6] = V::low64(b3, b7);
  r[7] = V::high64(b3, b7);
}

// The first four rows of the transpose.
template <class V>
inline void transpose_left_half(typename V::Reg r[8]) {
  using Reg = typename V::Reg;
  const Reg a0 = V::low16(r[0], r[1]), a2 = V::low16(r[2], r[3]);
  const Reg a4 = V::low16(r[4], r[5]), a6 = V::low16(r[6], r[7]);
  const Reg b0 = V::low32(a0, a2), b1 = V::high32(a0, a2);
  const Reg b4 = V::low32(a4, a6), b5 = V::high32(a4, a6);
  r[0] = V::low64(b0, b4);
  r[1] = V::high64(b0, b4);
  r[2] = V::low64(b1, b5);
  r[3] = V::high64(b1, b5);
}

// columns[x]: column x of every block, as SecondPass leaves it.
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

// V::kLanes blocks. False, and nothing is written, where the formula must do it.
template <class V>
inline bool idct_8x8_lanes(const std::int16_t* rows, const typename V::Reg quant[8],
                           std::uint8_t* out, std::ptrdiff_t stride) {
  using Reg = typename V::Reg;
  Reg r[8], columns[8];
  for (int y = 0; y < 8; ++y) r[y] = V::load(rows + y * kGroupStride);
  const Reg lower = V::either(V::either(r[4], r[5]), V::either(r[6], r[7]));
  for (int y = 0; y < 4; ++y) r[y] = V::mul16(r[y], quant[y]);
  if (is_extreme<V>(r[0])) return false;
  if (V::is_zero(lower)) {
    // Columns 4..7 are the upper halves of the lanes.
    const Reg all = V::either(V::either(r[0], r[1]), V::either(r[2], r[3]));
    const bool is_low = V::is_zero(V::high64(all, all));
    Reg half[4] = {r[0], r[1], r[2], r[3]};
    transform_low_4<V, FirstPass<V>>(half, r);
    if (is_low) {
      transpose_left_half<V>(r);
      transform_low_4<V, SecondPass<V>>(r, columns);
      store_8x8<V>(columns, out, stride);
      return true;
    }
  } else {
    for (int y = 4; y < 8; ++y) r[y] = V::mul16(r[y], quant[y]);
    transform_8<V, FirstPass<V>>(r, columns);
    for (int y = 0; y < 8; ++y) r[y] = columns[y];
  }
  transpose_8x8<V>(r);
  transform_8<V, SecondPass<V>>(r, columns);
  store_8x8<V>(columns, out, stride);
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
