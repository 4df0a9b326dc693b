// idct_4x4 and idct_2x2 of idct.h on vectors, as in simd_idct.h.
#pragma once

#include "decode/pixels/simd_idct.h"

namespace fastpass {

template <class V>
struct ReducedRows {
  typename V::Reg row[8];
};

template <class V>
inline ReducedRows<V> load_dequantized(const std::int16_t* rows, const typename V::Reg quant[8]) {
  ReducedRows<V> loaded;
  for (int y = 0; y < 8; ++y) loaded.row[y] = V::mul16(V::load(rows + y * kGroupStride), quant[y]);
  return loaded;
}

// Four elements per lane of idct_sums_4, with rounding added; pairs of rows, element by element.
template <class V>
inline void sums_4(typename V::Reg in00, typename V::Reg in26, typename V::Reg in13,
                   typename V::Reg in57, typename V::Reg sums[4]) {
  using Reg = typename V::Reg;
  const Reg even0 = V::add32(combine<V>(in00, 16384, 0), V::set32(1 << 11));
  const Reg even2 = combine<V>(in26, kFix1_847, -kFix0_765);
  const Reg odd0 =
      V::add32(combine<V>(in13, kFix1_061, -kFix2_172), combine<V>(in57, kFix1_451, -kFix0_211));
  const Reg odd2 =
      V::add32(combine<V>(in13, kFix2_562, kFix0_899), combine<V>(in57, -kFix0_601, -kFix0_509));
  const Reg outer = V::add32(even0, even2), inner = V::sub32(even0, even2);
  sums[0] = V::add32(outer, odd2);
  sums[1] = V::add32(inner, odd0);
  sums[2] = V::sub32(inner, odd0);
  sums[3] = V::sub32(outer, odd2);
}

// Columns to four rows of eight columns.
template <class V>
inline void first_pass_4x4(const typename V::Reg in[8], typename V::Reg out[4]) {
  typename V::Reg low[4], high[4];
  sums_4<V>(V::low16(in[0], in[0]), V::low16(in[2], in[6]), V::low16(in[1], in[3]),
            V::low16(in[5], in[7]), low);
  sums_4<V>(V::high16(in[0], in[0]), V::high16(in[2], in[6]), V::high16(in[1], in[3]),
            V::high16(in[5], in[7]), high);
  for (int k = 0; k < 4; ++k)
    out[k] = V::pack32(V::template right32<12>(low[k]), V::template right32<12>(high[k]));
}

// Four rows to the bytes of a block, row by row in each lane.
template <class V>
inline typename V::Reg second_pass_4x4(const typename V::Reg in[4]) {
  using Reg = typename V::Reg;
  const Reg ab_left = V::low16(in[0], in[1]), cd_left = V::low16(in[2], in[3]);
  const Reg ab_right = V::high16(in[0], in[1]), cd_right = V::high16(in[2], in[3]);
  const Reg columns01 = V::low32(ab_left, cd_left), columns23 = V::high32(ab_left, cd_left);
  const Reg columns45 = V::low32(ab_right, cd_right), columns67 = V::high32(ab_right, cd_right);
  const Reg columns04 = V::low16(columns01, columns45), columns15 = V::high16(columns01, columns45);
  const Reg columns26 = V::low16(columns23, columns67), columns37 = V::high16(columns23, columns67);
  const Reg even0 = V::add32(combine<V>(columns04, 16384, 0), V::set32(1 << 18));
  const Reg even2 = combine<V>(columns26, kFix1_847, -kFix0_765);
  const Reg odd0 = V::add32(combine<V>(columns15, kFix1_061, kFix1_451),
                            combine<V>(columns37, -kFix2_172, -kFix0_211));
  const Reg odd2 = V::add32(combine<V>(columns15, kFix2_562, -kFix0_601),
                            combine<V>(columns37, kFix0_899, -kFix0_509));
  const Reg outer = V::add32(even0, even2), inner = V::sub32(even0, even2);
  // Bits 16..31 of a sum less its last three: what right32<19> and a pack would give.
  const Reg out01 =
      V::template right16<3>(V::upper_halves(V::add32(outer, odd2), V::add32(inner, odd0)));
  const Reg out23 =
      V::template right16<3>(V::upper_halves(V::sub32(inner, odd0), V::sub32(outer, odd2)));
  // Each lane: rows 0..3 of columns 0 and 1 in turn, then of columns 2 and 3.
  const Reg bytes = V::add8(V::pack16(out01, out23), V::set8(128));
  static const std::uint8_t kOrder[16] = {0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15};
  return V::shuffle8(bytes, V::load_lane(kOrder));
}

template <class V>
void simd_idct_4x4(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                   std::uint8_t* out, std::ptrdiff_t stride) {
  typename V::Reg steps[8], half[4];
  for (int y = 0; y < 8; ++y) steps[y] = V::load_lane(quant + 8 * y);
  for (int group = 0; group < num_groups; ++group, coefficients += kGroupCoefficients, out += 16) {
    bool is_usual = true;
    for (int block = 0; block < kGroupBlocks; block += V::kLanes) {
      const ReducedRows<V> in = load_dequantized<V>(coefficients + 8 * block, steps);
      is_usual = is_usual && !is_extreme<V>(in.row[0]);
      first_pass_4x4<V>(in.row, half);
      V::store_columns32(second_pass_4x4<V>(half), out + 4 * block, stride);
    }
    if (!is_usual) idct_4x4_groups(coefficients, 1, quant, out, stride);
  }
}

// Both passes; each lane begins with the two rows of its block.
template <class V>
inline typename V::Reg transform_2x2(const typename V::Reg in[8]) {
  using Reg = typename V::Reg;
  const auto odd_sums_of = [](Reg in13, Reg in57) {
    return V::add32(combine<V>(in13, kFix3_624, -kFix1_272),
                    combine<V>(in57, kFix0_850, -kFix0_720));
  };
  const Reg odd_low = odd_sums_of(V::low16(in[1], in[3]), V::low16(in[5], in[7]));
  const Reg odd_high = odd_sums_of(V::high16(in[1], in[3]), V::high16(in[5], in[7]));
  const Reg rounding = V::set32(1 << 12);
  const Reg even_low = V::add32(V::template right32<1>(V::low16(V::zero(), in[0])), rounding);
  const Reg even_high = V::add32(V::template right32<1>(V::high16(V::zero(), in[0])), rounding);
  const Reg upper_left = V::template right32<13>(V::add32(even_low, odd_low));
  const Reg lower_left = V::template right32<13>(V::sub32(even_low, odd_low));
  const Reg upper_right = V::template right32<13>(V::add32(even_high, odd_high));
  const Reg lower_right = V::template right32<13>(V::sub32(even_high, odd_high));
  const Reg upper_row = V::pack32(upper_left, upper_right);
  const Reg lower_row = V::pack32(lower_left, lower_right);
  static const std::int16_t kOddFactors[8] = {0, kFix3_624, 0, -kFix1_272,
                                              0, kFix0_850, 0, -kFix0_720};
  const Reg factors = V::load_lane(kOddFactors);
  const Reg upper_terms = V::mul_add_pairs(upper_row, factors);
  const Reg lower_terms = V::mul_add_pairs(lower_row, factors);
  const Reg pair_sums =
      V::add32(V::low32(upper_terms, lower_terms), V::high32(upper_terms, lower_terms));
  const Reg odd_sums = V::add32(pair_sums, V::swap_halves(pair_sums));
  const Reg even_sums =
      V::add32(V::template left32<15>(V::low32(upper_left, lower_left)), V::set32(1 << 19));
  const Reg left = V::template right32<20>(V::add32(even_sums, odd_sums));
  const Reg right = V::template right32<20>(V::sub32(even_sums, odd_sums));
  const Reg words = V::low32(left, right);
  const Reg levels = V::pack32(words, words);
  return V::add8(V::pack16(levels, levels), V::set8(128));
}

template <class V>
void simd_idct_2x2(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                   std::uint8_t* out, std::ptrdiff_t stride) {
  typename V::Reg steps[8];
  for (int y = 0; y < 8; ++y) steps[y] = V::load_lane(quant + 8 * y);
  for (int group = 0; group < num_groups; ++group, coefficients += kGroupCoefficients, out += 8) {
    for (int block = 0; block < kGroupBlocks; block += V::kLanes) {
      const ReducedRows<V> in = load_dequantized<V>(coefficients + 8 * block, steps);
      V::store_columns16(transform_2x2<V>(in.row), out + 2 * block, stride);
    }
  }
}

}  // namespace fastpass
