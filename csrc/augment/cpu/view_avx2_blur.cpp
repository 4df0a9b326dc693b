#include <immintrin.h>

#include "augment/blur.h"
#include "augment/cpu/view_avx2.h"

namespace fastpass::avx2 {
namespace {

// 255 times this many fits 16 bits.
constexpr int kMostSummed = 256;

__m256i load(const std::uint8_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

// 32 sums of 16 bits: bytes 0-7 and 16-23 of the vector, then 8-15 and 24-31.
struct Sums {
  __m256i low, high;
};

inline Sums widened(__m256i bytes) {
  const __m256i zero = _mm256_setzero_si256();
  return {_mm256_unpacklo_epi8(bytes, zero), _mm256_unpackhi_epi8(bytes, zero)};
}

inline Sums sum_of_two(__m256i a, __m256i b) {
  const __m256i one = _mm256_set1_epi8(1);
  return {_mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), one),
          _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), one)};
}

inline Sums add(const Sums& a, const Sums& b) {
  return {_mm256_add_epi16(a.low, b.low), _mm256_add_epi16(a.high, b.high)};
}

// Four vectors of 32 bits, in the order that pack() undoes.
struct Wide {
  __m256i part[4];
};

inline Wide scaled(const Sums& sums, __m256i weight) {
  const __m256i zero = _mm256_setzero_si256();
  return {{_mm256_mullo_epi32(_mm256_unpacklo_epi16(sums.low, zero), weight),
           _mm256_mullo_epi32(_mm256_unpackhi_epi16(sums.low, zero), weight),
           _mm256_mullo_epi32(_mm256_unpacklo_epi16(sums.high, zero), weight),
           _mm256_mullo_epi32(_mm256_unpackhi_epi16(sums.high, zero), weight)}};
}

inline Wide add(const Wide& a, const Wide& b) {
  return {{_mm256_add_epi32(a.part[0], b.part[0]), _mm256_add_epi32(a.part[1], b.part[1]),
           _mm256_add_epi32(a.part[2], b.part[2]), _mm256_add_epi32(a.part[3], b.part[3])}};
}

inline __m256i pack(const Wide& wide) {
  const __m256i low = _mm256_packs_epi32(_mm256_srli_epi32(wide.part[0], kBlurBits),
                                         _mm256_srli_epi32(wide.part[1], kBlurBits));
  const __m256i high = _mm256_packs_epi32(_mm256_srli_epi32(wide.part[2], kBlurBits),
                                          _mm256_srli_epi32(wide.part[3], kBlurBits));
  return _mm256_packus_epi16(low, high);
}

// What is weighed with box_weight. Recipes blur with a radius of 0 or 1.
template <int radius>
inline Wide box_of(const std::uint8_t* const* inputs, std::ptrdiff_t i, __m256i weight) {
  const Sums middle = widened(load(inputs[radius + 1] + i));
  if constexpr (radius == 0) return scaled(middle, weight);
  return scaled(add(middle, sum_of_two(load(inputs[1] + i), load(inputs[3] + i))), weight);
}

Wide wide_box_of(int num_boxed, const std::uint8_t* const* inputs, std::ptrdiff_t i,
                 __m256i weight) {
  Wide sum = {};
  for (int k = 0; k < num_boxed; k += kMostSummed) {
    Sums part = {};
    for (int j = k; j < num_boxed && j < k + kMostSummed; ++j) {
      part = add(part, widened(load(inputs[1 + j] + i)));
    }
    sum = add(sum, scaled(part, weight));
  }
  return sum;
}

template <typename Box>
inline void blur_line(const BoxBlur& blur, const std::uint8_t* const* inputs, std::ptrdiff_t count,
                      const Box& box, std::uint8_t* out) {
  const __m256i box_weight = _mm256_set1_epi32(static_cast<int>(blur.box_weight));
  const __m256i end_weight = _mm256_set1_epi32(static_cast<int>(blur.end_weight));
  const __m256i half = _mm256_set1_epi32(1 << (kBlurBits - 1));
  const std::uint8_t* const last = inputs[2 * blur.radius + 2];
  for (std::ptrdiff_t i = 0; i < count; i += 32) {
    const Wide ends = scaled(sum_of_two(load(inputs[0] + i), load(last + i)), end_weight);
    const Wide sum = add(add(ends, {{half, half, half, half}}), box(i, box_weight));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), pack(sum));
  }
}

}  // namespace

void box_blur(const BoxBlur& blur, const std::uint8_t* const* inputs, std::ptrdiff_t count,
              std::uint8_t* out) {
  if (blur.radius == 0) {
    blur_line(
        blur, inputs, count,
        [=](std::ptrdiff_t i, __m256i weight) { return box_of<0>(inputs, i, weight); }, out);
  } else if (blur.radius == 1) {
    blur_line(
        blur, inputs, count,
        [=](std::ptrdiff_t i, __m256i weight) { return box_of<1>(inputs, i, weight); }, out);
  } else {
    blur_line(
        blur, inputs, count,
        [&](std::ptrdiff_t i, __m256i weight) {
          return wide_box_of(2 * blur.radius + 1, inputs, i, weight);
        },
        out);
  }
}

}  // namespace fastpass::avx2
