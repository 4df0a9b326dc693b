// The row routines (upsampling, color) on vectors; V as in simd_idct.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fastpass {

// Two vectors of 16-bit samples, element by element, as bytes in turn.
template <class V>
inline typename V::Reg bytes_in_turn(typename V::Reg even, typename V::Reg odd) {
  return V::either(even, V::template left16<8>(odd));
}

template <class V>
inline typename V::Reg three_times(typename V::Reg a) {
  return V::add16(a, V::add16(a, a));
}

template <class V>
void simd_upsample_h2v1(const std::uint8_t* in, int width, std::uint8_t* out) {
  using Reg = typename V::Reg;
  const Reg one = V::set16(1), two = V::set16(2);
  for (int x = 0; x < width; x += 8 * V::kLanes) {
    const Reg here = three_times<V>(V::widen(in + x));
    const Reg left = V::widen(in + x - 1), right = V::widen(in + x + 1);
    const Reg even = V::template right16<2>(V::add16(V::add16(here, left), one));
    const Reg odd = V::template right16<2>(V::add16(V::add16(here, right), two));
    V::store(out + 2 * x, bytes_in_turn<V>(even, odd));
  }
}

// Both output samples of each of eight input samples per lane, from the sums 3 * near + far at
// these samples and at their neighbors.
template <class V>
inline typename V::Reg blend_columns(typename V::Reg left, typename V::Reg here,
                                     typename V::Reg right) {
  const typename V::Reg thrice = three_times<V>(here);
  return bytes_in_turn<V>(V::template right16<4>(V::add16(V::add16(thrice, left), V::set16(8))),
                          V::template right16<4>(V::add16(V::add16(thrice, right), V::set16(7))));
}

template <class V>
void simd_upsample_h2v2(const std::uint8_t* near, const std::uint8_t* far, int width,
                        std::uint8_t* out) {
  using Reg = typename V::Reg;
  const Reg three_one = V::set16(3 | 1 << 8);
  for (int x = 0; x < width; x += 16 * V::kLanes) {
    Reg low[3], high[3];  // sums at x - 1, x, x + 1: the first and the second half of each lane
    for (int i = 0; i < 3; ++i) {
      const Reg n = V::load(near + x + i - 1), f = V::load(far + x + i - 1);
      low[i] = V::mul_add_bytes(V::low8(n, f), three_one);
      high[i] = V::mul_add_bytes(V::high8(n, f), three_one);
    }
    V::store_lanes_in_turn(blend_columns<V>(low[0], low[1], low[2]),
                           blend_columns<V>(high[0], high[1], high[2]), out + 2 * x);
  }
}

template <class V>
void simd_upsample_h1v2(const std::uint8_t* near, const std::uint8_t* far, int width, int bias,
                        std::uint8_t* out) {
  using Reg = typename V::Reg;
  const Reg rounding = V::set16(bias), zero = V::zero();
  const auto blend = [rounding](Reg here, Reg other) {
    return V::template right16<2>(V::add16(V::add16(three_times<V>(here), other), rounding));
  };
  for (int x = 0; x < width; x += 16 * V::kLanes) {
    const Reg n = V::load(near + x), f = V::load(far + x);
    V::store(out + x, V::pack16_unsigned(blend(V::low8(n, zero), V::low8(f, zero)),
                                         blend(V::high8(n, zero), V::high8(f, zero))));
  }
}

// 16 pixels per lane to 48 bytes per lane. Byte x of a lane of each of the three stored vectors
// belongs to the channel and pixel that a third of the positions share, so that one shuffle per
// channel serves all three.
template <class V>
inline void store_rgb(typename V::Reg r, typename V::Reg g, typename V::Reg b, std::uint8_t* out) {
  using Reg = typename V::Reg;
  static const std::uint8_t kOrder[3][16] = {
      {0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5},
      {5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10},
      {10, 5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15}};
  r = V::shuffle8(r, V::load_lane(kOrder[0]));
  g = V::shuffle8(g, V::load_lane(kOrder[1]));
  b = V::shuffle8(b, V::load_lane(kOrder[2]));
  const Reg first = V::template replace_third<2>(V::template replace_third<1>(r, g), b);
  const Reg second = V::template replace_third<2>(V::template replace_third<1>(g, b), r);
  const Reg third = V::template replace_third<2>(V::template replace_third<1>(b, r), g);
  V::store_lanes_in_turn(first, second, third, out);
}

// Calls convert(x, out) for every 16 * V::kLanes pixels; the last ones go through a buffer, so that
// exactly 3 * width bytes are written.
template <class V, class Convert>
inline void for_each_rgb_vector(int width, std::uint8_t* rgb, const Convert& convert) {
  constexpr int kPixels = 16 * V::kLanes;
  int x = 0;
  for (; x + kPixels <= width; x += kPixels) convert(x, rgb + 3 * static_cast<std::ptrdiff_t>(x));
  if (x == width) return;
  std::uint8_t last[3 * kPixels];
  convert(x, last);
  std::memcpy(rgb + 3 * static_cast<std::ptrdiff_t>(x), last,
              3 * static_cast<std::size_t>(width - x));
}

template <class V>
struct Rgb16 {
  typename V::Reg r, g, b;
};

// Samples of 16 bits; cb and cr less 128. The terms of color.h with the integer parts of their
// factors taken out, which makes the products fit (mul_round16 is exact for every cb and cr).
template <class V>
inline Rgb16<V> ycc_to_rgb_16(typename V::Reg y, typename V::Reg cb, typename V::Reg cr) {
  using Reg = typename V::Reg;
  const Reg red = V::add16(cr, V::mul_round16(cr, V::set16(13173)));                 // 0.40200
  const Reg blue = V::add16(V::add16(cb, cb), V::mul_round16(cb, V::set16(-7471)));  // -0.22800
  const Reg factors = V::set32((18734 << 16) | (-22554 & 0xFFFF));  // 1 - 0.71414, -0.34414
  const Reg rounding = V::set32(1 << 15);
  const Reg even = V::mul_add_pairs(V::lower_halves(cb, cr), factors);
  const Reg odd = V::mul_add_pairs(V::upper_halves(cb, cr), factors);
  const Reg green =
      V::sub16(V::upper_halves(V::add32(even, rounding), V::add32(odd, rounding)), cr);
  return {V::add16(y, red), V::add16(y, green), V::add16(y, blue)};
}

template <class V>
void simd_ycc_to_rgb(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr,
                     int width, std::uint8_t* rgb) {
  using Reg = typename V::Reg;
  const Reg zero = V::zero(), center = V::set16(128);
  for_each_rgb_vector<V>(width, rgb, [=](int x, std::uint8_t* out) {
    const Reg y8 = V::load(y + x), cb8 = V::load(cb + x), cr8 = V::load(cr + x);
    const Rgb16<V> low = ycc_to_rgb_16<V>(V::low8(y8, zero), V::sub16(V::low8(cb8, zero), center),
                                          V::sub16(V::low8(cr8, zero), center));
    const Rgb16<V> high =
        ycc_to_rgb_16<V>(V::high8(y8, zero), V::sub16(V::high8(cb8, zero), center),
                         V::sub16(V::high8(cr8, zero), center));
    store_rgb<V>(V::pack16_unsigned(low.r, high.r), V::pack16_unsigned(low.g, high.g),
                 V::pack16_unsigned(low.b, high.b), out);
  });
}

template <class V>
void simd_interleave_rgb(const std::uint8_t* r, const std::uint8_t* g, const std::uint8_t* b,
                         int width, std::uint8_t* rgb) {
  for_each_rgb_vector<V>(width, rgb, [=](int x, std::uint8_t* out) {
    store_rgb<V>(V::load(r + x), V::load(g + x), V::load(b + x), out);
  });
}

template <class V>
void simd_gray_to_rgb(const std::uint8_t* y, int width, std::uint8_t* rgb) {
  simd_interleave_rgb<V>(y, y, y, width, rgb);
}

}  // namespace fastpass
