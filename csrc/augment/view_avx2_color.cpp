// Color steps on eight pixels at a time, in single precision: every value below is a whole number
// that float holds exactly, or is rounded where Pillow rounds. tests/cpp/test_view_kernels.cpp
// compares all 2^24 colors with color_ops.h.
#include <immintrin.h>

#include "augment/color_steps.h"
#include "augment/view_avx2.h"

namespace fastpass::avx2 {
namespace {

using Floats = __m256;

struct Pixels {
  Floats r, g, b;
};

Floats all(float value) { return _mm256_set1_ps(value); }
Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
Floats sub(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
Floats mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }        // a b + c
Floats minus_fma(Floats a, Floats b, Floats c) { return _mm256_fnmadd_ps(a, b, c); }  // c - a b
Floats higher(Floats a, Floats b) { return _mm256_max_ps(a, b); }
Floats lower(Floats a, Floats b) { return _mm256_min_ps(a, b); }
Floats whole(Floats a) { return _mm256_floor_ps(a); }
Floats is_equal(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
Floats is_below(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
Floats keep_if(Floats condition, Floats a) { return _mm256_and_ps(condition, a); }
Floats choose(Floats condition, Floats yes, Floats no) {
  return _mm256_blendv_ps(no, yes, condition);
}

Floats load_8(const std::uint8_t* from) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

void store_8(std::uint8_t* to, Floats value) {
  const __m256i numbers = _mm256_cvttps_epi32(value);
  const __m256i words = _mm256_packs_epi32(numbers, numbers);
  const __m256i bytes = _mm256_packus_epi16(words, words);
  const __m128i halves = _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes),
                                            _mm256_extracti128_si256(bytes, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), halves);
}

// Sums below 2^24: exact.
Floats luma(const Pixels& p) {
  const Floats sum = fma(p.r, all(19595.0f), fma(p.g, all(38470.0f), fma(p.b, all(7471.0f), all(32768.0f))));
  return whole(mul(sum, all(1.0f / 65536.0f)));
}

// Not fused: Pillow rounds the product.
Floats blend(Floats from, Floats to, Floats factor) {
  const Floats value = add(from, mul(factor, sub(to, from)));
  return whole(lower(higher(value, _mm256_setzero_ps()), all(255.0f)));
}

Pixels blend(Floats from, const Pixels& p, Floats factor) {
  return {blend(from, p.r, factor), blend(from, p.g, factor), blend(from, p.b, factor)};
}

// Pillow's 8-bit hue, from the highest channel, the lowest and their difference. The quotient, the
// hue in sixths and in turns are rounded to float where Pillow rounds them; the division by six is
// corrected with its remainder, which makes it the rounded one.
Floats hue_of(const Pixels& p, Floats high, Floats low, Floats chroma) {
  const Floats middle = sub(sub(add(add(p.r, p.g), p.b), high), low);
  const Floats quotient = _mm256_div_ps(sub(high, middle), higher(chroma, all(1.0f)));
  const Floats is_red = is_equal(p.r, high), is_green = is_equal(p.g, high);
  const Floats side = choose(is_red, sub(p.g, p.b), choose(is_green, sub(p.b, p.r), sub(p.r, p.g)));
  const Floats base = _mm256_andnot_ps(is_red, choose(is_green, all(2.0f), all(4.0f)));
  const Floats sign = _mm256_or_ps(keep_if(all(-0.0f), side), all(1.0f));
  const Floats sixths = minus_fma(sign, quotient, add(base, sign));
  const Floats rough = mul(sixths, all(1.0f / 6.0f));
  const Floats turns = fma(minus_fma(rough, all(6.0f), sixths), all(1.0f / 6.0f), rough);
  const Floats fraction = add(turns, keep_if(is_below(turns, _mm256_setzero_ps()), all(1.0f)));
  return whole(mul(fraction, all(255.0f)));
}

// The reciprocal is off by parts in 10^7 only, and 255 chroma / high, where it is no whole number, by
// at least 1 / 255 from one.
Floats saturation_of(Floats high, Floats chroma) {
  const Floats divisor = higher(high, all(1.0f));
  const Floats rough = _mm256_rcp_ps(divisor);
  const Floats reciprocal = fma(minus_fma(rough, divisor, all(1.0f)), rough, rough);
  return whole(fma(mul(chroma, all(255.0f)), reciprocal, all(1e-3f)));
}

// A channel of the color (h, s, v): v where the channel is the highest, v (1 - s) where it is the
// lowest, on a ramp between them; `place` is the channel's own on the circle of hues, which has 510
// steps here (twice 255). Numerators are whole and below 2^24; no quotient is near a half.
Floats channel_of(Floats h, Floats s, Floats v, float place) {
  const Floats turned = add(add(h, h), all(place));
  const Floats around = sub(turned, keep_if(_mm256_cmp_ps(turned, all(510.0f), _CMP_GE_OQ), all(510.0f)));
  const Floats ramp = lower(around, sub(all(340.0f), around));
  const Floats depth = lower(higher(ramp, _mm256_setzero_ps()), all(85.0f));
  const Floats numerator = mul(v, minus_fma(s, depth, all(21675.0f)));
  return whole(fma(numerator, all(1.0f / 21675.0f), all(0.5f)));
}

Pixels shift_hue(const Pixels& p, Floats offset) {
  const Floats high = higher(higher(p.r, p.g), p.b), low = lower(lower(p.r, p.g), p.b);
  const Floats chroma = sub(high, low);
  const Floats shifted = add(hue_of(p, high, low, chroma), offset);
  const Floats h = sub(shifted, keep_if(_mm256_cmp_ps(shifted, all(256.0f), _CMP_GE_OQ), all(256.0f)));
  const Floats s = saturation_of(high, chroma);
  return {channel_of(h, s, high, 425.0f), channel_of(h, s, high, 255.0f),
          channel_of(h, s, high, 85.0f)};
}

inline Pixels apply(const ColorStep& step, const Pixels& p) {
  switch (step.kind) {
    case ColorStepKind::kBlendWithGray:
      return blend(all(step.gray), p, all(step.factor));
    case ColorStepKind::kSaturation:
      return blend(luma(p), p, all(step.factor));
    case ColorStepKind::kHue:
      return shift_hue(p, all(static_cast<float>(step.hue_offset)));
    case ColorStepKind::kGrayscale:
      break;
  }
  const Floats gray = luma(p);
  return {gray, gray, gray};
}

// All ones in the first `count` lanes.
Floats first_lanes(std::int32_t count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane));
}

std::uint64_t sum_of(Floats values) {
  alignas(32) float lanes[8];
  _mm256_store_ps(lanes, values);
  std::uint64_t sum = 0;
  for (const float lane : lanes) sum += static_cast<std::uint64_t>(lane);
  return sum;
}

}  // namespace

std::uint64_t recolor(const ColorStep* steps, int num_steps, const ViewRows& view) {
  std::uint64_t luma_sum = 0;
  for (std::int32_t y = 0; y < view.size; ++y) {
    std::uint8_t *r = view.row(y, 0), *g = view.row(y, 1), *b = view.row(y, 2);
    Floats row_sum = _mm256_setzero_ps();  // of at most 1024 lumas per lane
    for (std::int32_t x = 0; x < view.size; x += 8) {
      Pixels p = {load_8(r + x), load_8(g + x), load_8(b + x)};
      for (int i = 0; i < num_steps; ++i) p = apply(steps[i], p);
      if (num_steps > 0) {
        store_8(r + x, p.r);
        store_8(g + x, p.g);
        store_8(b + x, p.b);
      }
      row_sum = add(row_sum, keep_if(first_lanes(view.size - x), luma(p)));
    }
    luma_sum += sum_of(row_sum);
  }
  return luma_sum;
}

}  // namespace fastpass::avx2
