#include <immintrin.h>

#include "augment/blur.h"
#include "augment/view_avx2.h"

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

inline Sums sum_inputs(const std::uint8_t* const* inputs, int count, std::ptrdiff_t i) {
  const __m256i zero = _mm256_setzero_si256();
  Sums sums = {zero, zero};
  for (int k = 0; k < count; ++k) {
    const __m256i bytes = load(inputs[k] + i);
    sums.low = _mm256_add_epi16(sums.low, _mm256_unpacklo_epi8(bytes, zero));
    sums.high = _mm256_add_epi16(sums.high, _mm256_unpackhi_epi8(bytes, zero));
  }
  return sums;
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
  Wide sum;
  for (int i = 0; i < 4; ++i) sum.part[i] = _mm256_add_epi32(a.part[i], b.part[i]);
  return sum;
}

inline __m256i pack(const Wide& wide) {
  __m256i value[4];
  for (int i = 0; i < 4; ++i) value[i] = _mm256_srli_epi32(wide.part[i], kBlurBits);
  return _mm256_packus_epi16(_mm256_packs_epi32(value[0], value[1]),
                             _mm256_packs_epi32(value[2], value[3]));
}

}  // namespace

void box_blur(const BoxBlur& blur, const std::uint8_t* const* inputs, std::ptrdiff_t count,
              std::uint8_t* out) {
  const int num_boxed = 2 * blur.radius + 1;
  const __m256i box_weight = _mm256_set1_epi32(static_cast<int>(blur.box_weight));
  const __m256i end_weight = _mm256_set1_epi32(static_cast<int>(blur.end_weight));
  const __m256i half = _mm256_set1_epi32(1 << (kBlurBits - 1));
  const std::uint8_t* const ends[2] = {inputs[0], inputs[num_boxed + 1]};
  for (std::ptrdiff_t i = 0; i < count; i += 32) {
    Wide sum = add(scaled(sum_inputs(ends, 2, i), end_weight), {{half, half, half, half}});
    for (int k = 0; k < num_boxed; k += kMostSummed) {
      const int summed = num_boxed - k < kMostSummed ? num_boxed - k : kMostSummed;
      sum = add(sum, scaled(sum_inputs(inputs + 1 + k, summed, i), box_weight));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), pack(sum));
  }
}

}  // namespace fastpass::avx2
