// Color steps on sixteen pixels at a time, in single precision: every value below is a whole number
// that float holds exactly, or is rounded where Pillow rounds.
// tests/cpp/augment/test_view_routines.cpp compares all 2^24 colors with color_ops.h.
#include <immintrin.h>

#include "augment/color_steps.h"
#include "augment/cpu/view_avx2.h"

namespace fastpass::avx2 {
namespace {

constexpr int kLanes = 16;

// Sixteen numbers in two registers: a step is one long chain of operations, and two chains side by
// side keep the processor busy.
struct Floats {
  __m256 low, high;
};

struct Pixels {
  Floats r, g, b;
};

Floats all(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
Floats zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
Floats add(Floats a, Floats b) {
  return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
Floats sub(Floats a, Floats b) {
  return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
Floats mul(Floats a, Floats b) {
  return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
Floats divide(Floats a, Floats b) {
  return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
}
Floats roughly_inverted(Floats a) { return {_mm256_rcp_ps(a.low), _mm256_rcp_ps(a.high)}; }
Floats fma(Floats a, Floats b, Floats c) {  // a b + c
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
Floats minus_fma(Floats a, Floats b, Floats c) {  // c - a b
  return {_mm256_fnmadd_ps(a.low, b.low, c.low), _mm256_fnmadd_ps(a.high, b.high, c.high)};
}
Floats higher(Floats a, Floats b) {
  return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
Floats lower(Floats a, Floats b) {
  return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
}
Floats whole(Floats a) { return {_mm256_floor_ps(a.low), _mm256_floor_ps(a.high)}; }
template <int predicate>
Floats compare(Floats a, Floats b) {
  return {_mm256_cmp_ps(a.low, b.low, predicate), _mm256_cmp_ps(a.high, b.high, predicate)};
}
Floats is_equal(Floats a, Floats b) { return compare<_CMP_EQ_OQ>(a, b); }
Floats is_at_least(Floats a, Floats b) { return compare<_CMP_GE_OQ>(a, b); }
Floats keep_if(Floats condition, Floats a) {
  return {_mm256_and_ps(condition.low, a.low), _mm256_and_ps(condition.high, a.high)};
}
Floats keep_unless(Floats condition, Floats a) {
  return {_mm256_andnot_ps(condition.low, a.low), _mm256_andnot_ps(condition.high, a.high)};
}
Floats either(Floats a, Floats b) {
  return {_mm256_or_ps(a.low, b.low), _mm256_or_ps(a.high, b.high)};
}
Floats choose(Floats condition, Floats yes, Floats no) {
  return {_mm256_blendv_ps(no.low, yes.low, condition.low),
          _mm256_blendv_ps(no.high, yes.high, condition.high)};
}

__m256 load_8(const std::uint8_t* from) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

Floats load(const std::uint8_t* from) { return {load_8(from), load_8(from + 8)}; }

void store(std::uint8_t* to, Floats value) {
  const __m256i words =
      _mm256_packs_epi32(_mm256_cvttps_epi32(value.low), _mm256_cvttps_epi32(value.high));
  const __m256i bytes = _mm256_packus_epi16(words, words);  // 0-3, 8-11, twice; 4-7, 12-15, twice
  const __m128i in_order =
      _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), in_order);
}

// Sums below 2^24: exact.
Floats luma(const Pixels& p) {
  const Floats sum =
      fma(p.r, all(19595.0f), fma(p.g, all(38470.0f), fma(p.b, all(7471.0f), all(32768.0f))));
  return whole(mul(sum, all(1.0f / 65536.0f)));
}

// Not fused: Pillow rounds the product.
Floats blend(Floats from, Floats to, Floats factor) {
  const Floats value = add(from, mul(factor, sub(to, from)));
  return whole(lower(higher(value, zero()), all(255.0f)));
}

Pixels blend(Floats from, const Pixels& p, Floats factor) {
  return {blend(from, p.r, factor), blend(from, p.g, factor), blend(from, p.b, factor)};
}

// Blended with black.
Pixels scaled(const Pixels& p, Floats factor) {
  const auto channel = [factor](Floats value) {
    return whole(lower(mul(value, factor), all(255.0f)));
  };
  return {channel(p.r), channel(p.g), channel(p.b)};
}

// Pillow's 8-bit hue, from the highest channel, the lowest and their difference. The quotient, the
// hue in sixths and in turns are rounded to float where Pillow rounds them; the division by six is
// corrected with its remainder, which makes it the rounded one.
Floats hue_of(const Pixels& p, Floats high, Floats low, Floats chroma) {
  const Floats middle = sub(sub(add(add(p.r, p.g), p.b), high), low);
  const Floats quotient = divide(sub(high, middle), higher(chroma, all(1.0f)));
  const Floats is_red = is_equal(p.r, high), is_green = is_equal(p.g, high);
  const Floats side = choose(is_red, sub(p.g, p.b), choose(is_green, sub(p.b, p.r), sub(p.r, p.g)));
  const Floats base = keep_unless(is_red, choose(is_green, all(2.0f), all(4.0f)));
  const Floats sign = either(keep_if(all(-0.0f), side), all(1.0f));
  const Floats sixths = minus_fma(sign, quotient, add(base, sign));
  const Floats rough = mul(sixths, all(1.0f / 6.0f));
  const Floats turns = fma(minus_fma(rough, all(6.0f), sixths), all(1.0f / 6.0f), rough);
  const Floats fraction = add(turns, keep_unless(is_at_least(turns, zero()), all(1.0f)));
  return whole(mul(fraction, all(255.0f)));
}

// The reciprocal is off by parts in 10^7 only, and 255 chroma / high, where it is no whole number,
// by at least 1 / 255 from one.
Floats saturation_of(Floats high, Floats chroma) {
  const Floats divisor = higher(high, all(1.0f));
  const Floats rough = roughly_inverted(divisor);
  const Floats reciprocal = fma(minus_fma(rough, divisor, all(1.0f)), rough, rough);
  return whole(fma(mul(chroma, all(255.0f)), reciprocal, all(1e-3f)));
}

// (v 21675 - v s depth) / 21675, rounded, from the numerator without v: whole, below 2^24, and no
// quotient is near a half.
Floats channel_of(Floats v, Floats numerator) {
  return whole(fma(mul(v, numerator), all(1.0f / 21675.0f), all(0.5f)));
}

// Between the distances where a channel begins and ends to fall.
Floats clamped(Floats distance) { return lower(higher(distance, all(85.0f)), all(170.0f)); }

Floats distance_from(Floats place, float center) {
  const Floats difference = sub(place, all(center));
  return keep_unless(all(-0.0f), difference);
}

Pixels to_hsv(const Pixels& p) {
  const Floats high = higher(higher(p.r, p.g), p.b), low = lower(lower(p.r, p.g), p.b);
  const Floats chroma = sub(high, low);
  return {hue_of(p, high, low, chroma), saturation_of(high, chroma), high};
}

// h, s and v where r, g and b stand otherwise; a hue of 256 and more begins at 0 again. On a circle
// of 510 steps (twice 255) a channel is v up to 85 steps from its own place (red 0, green 170, blue
// 340), v (1 - s) from 170 steps on (depth 85), and on a ramp between.
Pixels from_hsv(const Pixels& hsv, Floats offset) {
  const Floats shifted = add(hsv.r, offset), s = hsv.g, v = hsv.b;
  const Floats h = sub(shifted, keep_if(is_at_least(shifted, all(256.0f)), all(256.0f)));
  const Floats place = add(h, h);
  const Floats most = fma(s, all(85.0f), all(21675.0f));
  const Floats opposite_red = clamped(distance_from(place, 255.0f));  // 255 less the distance
  return {channel_of(v, fma(s, opposite_red, minus_fma(s, all(255.0f), most))),
          channel_of(v, minus_fma(s, clamped(distance_from(place, 170.0f)), most)),
          channel_of(v, minus_fma(s, clamped(distance_from(place, 340.0f)), most))};
}

Pixels grayscale(const Pixels& p) {
  const Floats gray = luma(p);
  return {gray, gray, gray};
}

// Some pixels of a row as numbers: each step goes over all of them, in the first cache.
constexpr std::int32_t kBlock = 128;

struct Block {
  alignas(32) float r[kBlock], g[kBlock], b[kBlock];
};

void put(Floats value, float* to) {
  _mm256_store_ps(to, value.low);
  _mm256_store_ps(to + 8, value.high);
}

Pixels pixels_at(const Block& block, std::int32_t i) {
  const auto at = [i](const float* from) {
    return Floats{_mm256_load_ps(from + i), _mm256_load_ps(from + i + 8)};
  };
  return {at(block.r), at(block.g), at(block.b)};
}

template <typename Operation>
inline void for_all(Block* block, std::int32_t count, const Operation& operation) {
  for (std::int32_t i = 0; i < count; i += kLanes) {
    const Pixels p = operation(pixels_at(*block, i));
    put(p.r, block->r + i);
    put(p.g, block->g + i);
    put(p.b, block->b + i);
  }
}

void apply(const ColorStep& step, Block* block, std::int32_t count) {
  const Floats factor = all(step.factor), gray = all(step.gray);
  const Floats offset = all(static_cast<float>(step.hue_offset));
  switch (step.kind) {
    case ColorStepKind::kBlendWithGray:
      if (step.gray == 0) {
        for_all(block, count, [=](const Pixels& p) { return scaled(p, factor); });
      } else {
        for_all(block, count, [=](const Pixels& p) { return blend(gray, p, factor); });
      }
      return;
    case ColorStepKind::kSaturation:
      for_all(block, count, [=](const Pixels& p) { return blend(luma(p), p, factor); });
      return;
    case ColorStepKind::kHue:
      // Two loops, because one would be a chain too long for the processor to work on several
      // rounds of it at a time.
      for_all(block, count, [](const Pixels& p) { return to_hsv(p); });
      for_all(block, count, [=](const Pixels& p) { return from_hsv(p, offset); });
      return;
    case ColorStepKind::kGrayscale:
      for_all(block, count, [](const Pixels& p) { return grayscale(p); });
      return;
  }
}

// All ones in the first `count` lanes.
Floats first_lanes(std::int32_t count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i low = _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane);
  const __m256i high = _mm256_cmpgt_epi32(_mm256_set1_epi32(count - 8), lane);
  return {_mm256_castsi256_ps(low), _mm256_castsi256_ps(high)};
}

std::uint64_t sum_of(Floats values) {
  alignas(32) float lanes[kLanes];
  put(values, lanes);
  std::uint64_t sum = 0;
  for (const float lane : lanes) sum += static_cast<std::uint64_t>(lane);
  return sum;
}

std::uint64_t luma_sum_of(const Block& block, std::int32_t count) {
  Floats sum = zero();
  for (std::int32_t i = 0; i < count; i += kLanes) {
    const Floats present = count - i < kLanes ? first_lanes(count - i) : first_lanes(kLanes);
    sum = add(sum, keep_if(present, luma(pixels_at(block, i))));
  }
  return sum_of(sum);
}

// `count` pixels from the three pointers on; up to count rounded up to kLanes are read and written.
std::uint64_t recolor_block(const ColorStep* steps, int num_steps, bool wants_luma,
                            std::int32_t count, std::uint8_t* r, std::uint8_t* g, std::uint8_t* b) {
  Block block;
  for (std::int32_t i = 0; i < count; i += kLanes) {
    put(load(r + i), block.r + i);
    put(load(g + i), block.g + i);
    put(load(b + i), block.b + i);
  }
  for (int i = 0; i < num_steps; ++i) apply(steps[i], &block, count);
  for (std::int32_t i = 0; i < count && num_steps > 0; i += kLanes) {
    const Pixels p = pixels_at(block, i);
    store(r + i, p.r);
    store(g + i, p.g);
    store(b + i, p.b);
  }
  return wants_luma ? luma_sum_of(block, count) : 0;
}

}  // namespace

std::uint64_t recolor(const ColorStep* steps, int num_steps, bool wants_luma,
                      const ViewRows& view) {
  std::uint64_t luma_sum = 0;
  for (std::int32_t y = 0; y < view.size; ++y) {
    for (std::int32_t x = 0; x < view.size; x += kBlock) {
      const std::int32_t count = view.size - x < kBlock ? view.size - x : kBlock;
      luma_sum += recolor_block(steps, num_steps, wants_luma, count, row_of(view, y, 0) + x,
                                row_of(view, y, 1) + x, row_of(view, y, 2) + x);
    }
  }
  return luma_sum;
}

}  // namespace fastpass::avx2
