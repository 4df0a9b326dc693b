#include <immintrin.h>

#include <cstring>

#include "augment/cpu/view_avx2.h"
#include "augment/resample.h"

namespace fastpass::avx2 {
namespace {

constexpr std::ptrdiff_t kColumn = 3 * kBandRows;

__m256i load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
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

__m256i narrow(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i low =
      _mm256_packs_epi32(_mm256_srai_epi32(a, kWeightBits), _mm256_srai_epi32(b, kWeightBits));
  const __m256i high =
      _mm256_packs_epi32(_mm256_srai_epi32(c, kWeightBits), _mm256_srai_epi32(d, kWeightBits));
  return _mm256_packus_epi16(low, high);
}

__m256i multiplied(const std::int32_t* values, __m256i weight) {
  return _mm256_mullo_epi32(load(values), weight);
}

// 32 values; `values(tap)` is where those of a tap begin. (Three channels at once need more
// registers than there are.)
template <typename Values>
inline void weigh_32(const Values& values, const std::int32_t* weights, int num_taps,
                     std::uint8_t* out) {
  __m256i a = _mm256_set1_epi32(1 << (kWeightBits - 1)), b = a, c = a, d = a;
#pragma GCC unroll 2
  for (int tap = 0; tap < num_taps; ++tap) {
    const std::int32_t* value = values(tap);
    const __m256i weight = _mm256_set1_epi32(weights[tap]);
    a = _mm256_add_epi32(a, multiplied(value, weight));
    b = _mm256_add_epi32(b, multiplied(value + 8, weight));
    c = _mm256_add_epi32(c, multiplied(value + 16, weight));
    d = _mm256_add_epi32(d, multiplied(value + 24, weight));
  }
  store_vector(out, narrow(a, b, c, d));
}

// Eight rows of eight 32-bit words, turned in place.
void transpose_words(__m256i (&m)[8]) {
  __m256i pairs[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_epi32(m[i], m[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_epi32(m[i], m[i + 1]);
  }
  for (int i = 0; i < 2; ++i) {  // word i, 4 + i, ...: of the upper, then of the lower four rows
    const __m256i upper = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
    const __m256i lower = _mm256_unpacklo_epi64(pairs[i + 4], pairs[i + 6]);
    const __m256i next_upper = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
    const __m256i next_lower = _mm256_unpackhi_epi64(pairs[i + 4], pairs[i + 6]);
    m[2 * i] = _mm256_permute2x128_si256(upper, lower, 0x20);
    m[2 * i + 1] = _mm256_permute2x128_si256(next_upper, next_lower, 0x20);
    m[2 * i + 4] = _mm256_permute2x128_si256(upper, lower, 0x31);
    m[2 * i + 5] = _mm256_permute2x128_si256(next_upper, next_lower, 0x31);
  }
}

// The four bytes of each of eight words, as int32, to four columns.
void split_words(__m256i words, std::int32_t* columns) {
  const __m256i second = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(1, -1, -1, -1, 5, -1, -1, -1, 9, -1, -1, -1, 13, -1, -1, -1));
  const __m256i third = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(2, -1, -1, -1, 6, -1, -1, -1, 10, -1, -1, -1, 14, -1, -1, -1));
  store_vector(columns, _mm256_and_si256(words, _mm256_set1_epi32(255)));
  store_vector(columns + kBandRows, _mm256_shuffle_epi8(words, second));
  store_vector(columns + 2 * kBandRows, _mm256_shuffle_epi8(words, third));
  store_vector(columns + 3 * kBandRows, _mm256_srli_epi32(words, 24));
}

constexpr std::int32_t kTurned = 32;  // columns at a time

// Byte columns [first, first + kTurned) of kBandRows rows, to `columns`. The rows of a column are
// in the order that narrow() undoes: 0-3, 16-19, 4-7, 20-23, ...
void turn(const std::uint8_t* const* rows, std::int32_t first, std::int32_t* columns) {
  for (int part = 0; part < 4; ++part) {
    __m256i words[8];
    for (int i = 0; i < 4; ++i) {
      words[i] = load(rows[4 * part + i] + first);
      words[i + 4] = load(rows[16 + 4 * part + i] + first);
    }
    transpose_words(words);
    for (int i = 0; i < 8; ++i) {
      split_words(words[i], columns + 4 * i * kBandRows + 8 * part);
    }
  }
}

// Some columns of a band, turned when they are needed and overwritten when they are not any more:
// few enough to stay in the first cache.
class ColumnWindow {
 public:
  ColumnWindow(const std::uint8_t* const* rows, std::int32_t num_pixels, std::int32_t most_taps,
               std::int32_t* memory)
      : rows_(rows),
        num_bytes_(3 * num_pixels),
        capacity_(3 * (most_taps + kColumnMargin)),
        memory_(memory) {
    if (num_bytes_ >= kTurned) return;
    for (int r = 0; r < kBandRows; ++r) {
      std::memset(copies_[r], 0, kTurned);
      std::memcpy(copies_[r], rows[r], static_cast<std::size_t>(num_bytes_));
      copied_rows_[r] = copies_[r];
    }
    rows_ = copied_rows_;
    num_bytes_ = kTurned;
  }

  // The columns of pixels [first, first + count); `first` never decreases.
  const std::int32_t* columns(std::int32_t first, std::int32_t count) {
    while (turned_ < 3 * (first + count)) {
      std::int32_t next = turned_ + kTurned <= num_bytes_ ? turned_ : num_bytes_ - kTurned;
      if (next + kTurned - begin_ > capacity_) next = drop_before(3 * first, next);
      turn(rows_, next, memory_ + (next - begin_) * kBandRows);
      turned_ = next + kTurned;
    }
    return memory_ + (3 * first - begin_) * kBandRows;
  }

 private:
  // Returns the column to go on with.
  std::int32_t drop_before(std::int32_t wanted, std::int32_t next) {
    const std::int32_t last = num_bytes_ - kTurned;
    const std::int32_t begin = wanted < last ? wanted : last;
    const std::int32_t kept = turned_ > begin ? turned_ - begin : 0;
    std::memmove(memory_, memory_ + (begin - begin_) * kBandRows,
                 sizeof(std::int32_t) * kBandRows * static_cast<std::size_t>(kept));
    begin_ = begin;
    return next > begin ? next : begin;
  }

  const std::uint8_t* const* rows_;
  std::int32_t num_bytes_;
  std::int32_t capacity_;  // in byte columns
  std::int32_t* memory_;   // columns [begin_, turned_)
  std::int32_t begin_ = 0, turned_ = 0;
  // Rows of less than kTurned bytes.
  std::uint8_t copies_[kBandRows][kTurned];
  const std::uint8_t* copied_rows_[kBandRows];
};

}  // namespace

void weigh_columns(const std::uint8_t* const* rows, std::int32_t num_pixels, const TapTable& taps,
                   std::int32_t size, bool is_flipped, std::int32_t* columns, std::uint8_t* out) {
  ColumnWindow window(rows, num_pixels, static_cast<std::int32_t>(taps.stride), columns);
  for (std::int32_t x = 0; x < size; ++x) {
    const std::int32_t* first = window.columns(taps.first[x], taps.count[x]);
    std::uint8_t* column = out + kColumn * (is_flipped ? size - 1 - x : x);
    for (int channel = 0; channel < 3; ++channel) {
      const std::int32_t* values = first + channel * kBandRows;
      weigh_32([values](int tap) { return values + tap * kColumn; }, taps.weights + x * taps.stride,
               taps.count[x], column + channel * kBandRows);
    }
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
  for (std::ptrdiff_t i = 0; i < count; i += 32) {
    weigh_32([rows, i](int tap) { return rows[tap] + i; }, weights, num_taps, out + i);
  }
}

}  // namespace fastpass::avx2
