#include <immintrin.h>

#include <cstring>

#include "augment/resample.h"
#include "augment/view_avx2.h"

namespace fastpass::avx2 {
namespace {

constexpr std::ptrdiff_t kColumn = 3 * kBandRows;

__m256i load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
void store_vector(void* to, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), value);
}

// Two matrices of 16 x 16 bytes, one in each half of the registers. Each round of interleaving
// moves the upper bit of the row number to the end of the column number.
void transpose(__m256i (&m)[16]) {
  for (int round = 0; round < 4; ++round) {
    __m256i next[16];
    for (int i = 0; i < 8; ++i) {
      next[2 * i] = _mm256_unpacklo_epi8(m[i], m[i + 8]);
      next[2 * i + 1] = _mm256_unpackhi_epi8(m[i], m[i + 8]);
    }
    for (int i = 0; i < 16; ++i) m[i] = next[i];
  }
}

// 32 bytes to int32, in the order that narrow() undoes.
void widen_32(__m256i bytes, std::int32_t* out) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i low = _mm256_unpacklo_epi8(bytes, zero);
  const __m256i high = _mm256_unpackhi_epi8(bytes, zero);
  store_vector(out, _mm256_unpacklo_epi16(low, zero));
  store_vector(out + 8, _mm256_unpackhi_epi16(low, zero));
  store_vector(out + 16, _mm256_unpacklo_epi16(high, zero));
  store_vector(out + 24, _mm256_unpackhi_epi16(high, zero));
}

__m256i narrow(const __m256i* sums) {
  __m256i value[4];
  for (int i = 0; i < 4; ++i) value[i] = _mm256_srai_epi32(sums[i], kWeightBits);
  return _mm256_packus_epi16(_mm256_packs_epi32(value[0], value[1]),
                             _mm256_packs_epi32(value[2], value[3]));
}

// kVectors * 8 values; `values(tap)` is where those of a tap begin.
template <int kVectors, typename Values>
inline void weigh(const Values& values, const std::int32_t* weights, int num_taps,
                  std::uint8_t* out) {
  __m256i sums[kVectors];
  for (auto& sum : sums) sum = _mm256_set1_epi32(1 << (kWeightBits - 1));
  for (int tap = 0; tap < num_taps; ++tap) {
    const std::int32_t* value = values(tap);
    const __m256i weight = _mm256_set1_epi32(weights[tap]);
    for (int i = 0; i < kVectors; ++i) {
      sums[i] = _mm256_add_epi32(sums[i], _mm256_mullo_epi32(load(value + 8 * i), weight));
    }
  }
  for (int i = 0; i < kVectors; i += 4) store_vector(out + 8 * i, narrow(sums + i));
}

void turn_16_columns(const std::uint8_t* const* rows, std::int32_t first, std::int32_t* columns) {
  __m256i block[16];
  for (int r = 0; r < 16; ++r) {
    const auto* upper = reinterpret_cast<const __m128i*>(rows[r] + first);
    const auto* lower = reinterpret_cast<const __m128i*>(rows[r + 16] + first);
    block[r] = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(upper)),
                                       _mm_loadu_si128(lower), 1);
  }
  transpose(block);
  for (int i = 0; i < 16; ++i) widen_32(block[i], columns + (first + i) * kBandRows);
}

}  // namespace

void rows_to_columns(const std::uint8_t* const* rows, std::int32_t num_bytes,
                     std::int32_t* columns) {
  std::int32_t i = 0;
  for (; i + 16 <= num_bytes; i += 16) turn_16_columns(rows, i, columns);
  if (i == num_bytes) return;
  if (num_bytes >= 16) {
    turn_16_columns(rows, num_bytes - 16, columns);
    return;
  }
  std::uint8_t copies[kBandRows][16] = {};
  const std::uint8_t* copied_rows[kBandRows];
  for (int r = 0; r < kBandRows; ++r) {
    std::memcpy(copies[r], rows[r], static_cast<std::size_t>(num_bytes));
    copied_rows[r] = copies[r];
  }
  std::int32_t turned[16 * kBandRows];
  turn_16_columns(copied_rows, 0, turned);
  std::memcpy(columns, turned, sizeof(std::int32_t) * kBandRows * static_cast<std::size_t>(num_bytes));
}

void weigh_columns(const std::int32_t* columns, const TapTable& taps, std::int32_t size,
                   bool is_flipped, std::uint8_t* out) {
  for (std::int32_t x = 0; x < size; ++x) {
    const std::int32_t* first = columns + taps.first[x] * kColumn;
    weigh<kColumn / 8>([first](int tap) { return first + tap * kColumn; },
                       taps.weights + x * taps.stride, taps.count[x],
                       out + kColumn * (is_flipped ? size - 1 - x : x));
  }
}

void columns_to_rows(const std::uint8_t* columns, std::int32_t size, std::ptrdiff_t pitch,
                     std::uint8_t* const* rows) {
  for (std::int32_t x = 0; x < size; x += 16) {
    for (int channel = 0; channel < 3; ++channel) {
      const std::uint8_t* from = columns + x * kColumn + channel * kBandRows;
      __m256i block[16];
      for (int i = 0; i < 16; ++i) block[i] = load(from + i * kColumn);
      transpose(block);
      const std::ptrdiff_t place = channel * pitch + x;
      for (int r = 0; r < 16; ++r) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(rows[r] + place),
                         _mm256_castsi256_si128(block[r]));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(rows[r + 16] + place),
                         _mm256_extracti128_si256(block[r], 1));
      }
    }
  }
}

void widen(const std::uint8_t* in, std::ptrdiff_t count, std::int32_t* out) {
  std::ptrdiff_t i = 0;
  for (; i + 32 <= count; i += 32) widen_32(load(in + i), out + i);
  if (i == count) return;
  std::uint8_t last[32] = {};
  std::memcpy(last, in + i, static_cast<std::size_t>(count - i));
  widen_32(load(last), out + i);
}

void weigh_rows(const std::int32_t* const* rows, const std::int32_t* weights, int num_taps,
                std::ptrdiff_t count, std::uint8_t* out) {
  std::ptrdiff_t i = 0;
  const auto values = [&](int tap) { return rows[tap] + i; };
  for (; i + 96 <= count; i += 96) weigh<12>(values, weights, num_taps, out + i);
  for (; i < count; i += 32) weigh<4>(values, weights, num_taps, out + i);
}

}  // namespace fastpass::avx2
