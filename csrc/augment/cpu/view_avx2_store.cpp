#include <immintrin.h>

#include <cstring>

#include "augment/cpu/view_avx2.h"
#include "augment/store_format.h"

namespace fastpass::avx2 {
namespace {

constexpr int kLanes = 8;

// a / b as the processor would round it: the remainder of a first quotient corrects that
// (Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", 1990).
// `reciprocal` is 1 / b, rounded.
struct Divisor {
  __m256 value, reciprocal;
};

Divisor make_divisor(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(1.0f / value)}; }

__m256 divided(__m256 a, const Divisor& b) {
  const __m256 rough = _mm256_mul_ps(a, b.reciprocal);
  return _mm256_fmadd_ps(_mm256_fnmadd_ps(rough, b.value, a), b.reciprocal, rough);
}

// What the eight values of a vector are normalised with.
struct Normalization {
  __m256 mean;
  Divisor std;
};

__m256 normalized(__m256i pixels, const Normalization& constants) {
  const __m256 unit = divided(_mm256_cvtepi32_ps(pixels), make_divisor(255.0f));
  return divided(_mm256_sub_ps(unit, constants.mean), constants.std);
}

// One row of values, pixels in, `count` of them out. Planar rows need one set of constants, rows of
// interleaved channels three in turn, vector by vector.
struct RowJob {
  const std::uint8_t* in;  // readable up to a multiple of eight
  std::ptrdiff_t count;
  Normalization constants[3];
  std::int32_t solarize_threshold;
};

template <bool is_solarized>
__m256i pixels_at(const RowJob& job, std::ptrdiff_t i) {
  const auto* bytes = reinterpret_cast<const __m128i*>(job.in + i);
  const __m256i pixels = _mm256_cvtepu8_epi32(_mm_loadl_epi64(bytes));
  if constexpr (!is_solarized) return pixels;
  const __m256i is_dark = _mm256_cmpgt_epi32(_mm256_set1_epi32(job.solarize_threshold), pixels);
  return _mm256_xor_si256(pixels, _mm256_andnot_si256(is_dark, _mm256_set1_epi32(255)));
}

struct AsFloat32 {
  using Value = float;
  static void put(__m256 values, bool is_aligned, Value* out) {
    if (is_aligned) {
      _mm256_stream_ps(out, values);
    } else {
      _mm256_storeu_ps(out, values);
    }
  }
};

void put_16_bytes(__m128i values, bool is_aligned, std::uint16_t* out) {
  if (is_aligned) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(out), values);
  } else {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), values);
  }
}

struct AsFloat16 {
  using Value = std::uint16_t;
  static void put(__m256 values, bool is_aligned, Value* out) {
    put_16_bytes(_mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT), is_aligned, out);
  }
};

// Half to even, as to_bfloat16() in normalize.h.
struct AsBfloat16 {
  using Value = std::uint16_t;
  static void put(__m256 values, bool is_aligned, Value* out) {
    const __m256i bits = _mm256_castps_si256(values);
    const __m256i last = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded =
        _mm256_add_epi32(bits, _mm256_add_epi32(last, _mm256_set1_epi32(0x7FFF)));
    const __m256i upper = _mm256_srli_epi32(rounded, 16);
    put_16_bytes(
        _mm_packus_epi32(_mm256_castsi256_si128(upper), _mm256_extracti128_si256(upper, 1)),
        is_aligned, out);
  }
};

// Streamed past the caches where the alignment allows it, because a batch is read only when all of
// it is complete.
template <typename As, bool is_solarized>
void store_row_as(const RowJob& job, typename As::Value* out) {
  using Value = typename As::Value;
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(out) % (kLanes * sizeof(Value)) == 0;
  const auto values_at = [&job](std::ptrdiff_t i, int turn) {
    return normalized(pixels_at<is_solarized>(job, i), job.constants[turn]);
  };
  std::ptrdiff_t i = 0;
  for (; i + 3 * kLanes <= job.count; i += 3 * kLanes) {
    As::put(values_at(i, 0), is_aligned, out + i);
    As::put(values_at(i + kLanes, 1), is_aligned, out + i + kLanes);
    As::put(values_at(i + 2 * kLanes, 2), is_aligned, out + i + 2 * kLanes);
  }
  int turn = 0;
  for (; i + kLanes <= job.count; i += kLanes) As::put(values_at(i, turn++), is_aligned, out + i);
  if (i == job.count) return;
  alignas(32) Value last[kLanes];
  As::put(values_at(i, turn), false, last);
  std::memcpy(out + i, last, sizeof(Value) * static_cast<std::size_t>(job.count - i));
}

template <typename As>
void store_row(const RowJob& job, typename As::Value* out) {
  if (job.solarize_threshold < 256) {
    store_row_as<As, true>(job, out);
  } else {
    store_row_as<As, false>(job, out);
  }
}

void store_bytes(const RowJob& job, std::uint8_t* out) {
  const std::uint8_t* in = job.in;  // a copy: `out` may be taken for a place in `job`
  const std::ptrdiff_t count = job.count;
  const std::int32_t threshold = job.solarize_threshold;
  if (threshold >= 256) {
    std::memcpy(out, in, static_cast<std::size_t>(count));
    return;
  }
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    out[i] = static_cast<std::uint8_t>(in[i] < threshold ? in[i] : 255 - in[i]);
  }
}

void store_any_row(const RowJob& job, Dtype dtype, std::ptrdiff_t place, void* out) {
  switch (dtype) {
    case Dtype::kUint8:
      return store_bytes(job, static_cast<std::uint8_t*>(out) + place);
    case Dtype::kFloat16:
      return store_row<AsFloat16>(job, static_cast<std::uint16_t*>(out) + place);
    case Dtype::kBfloat16:
      return store_row<AsBfloat16>(job, static_cast<std::uint16_t*>(out) + place);
    case Dtype::kFloat32:
      return store_row<AsFloat32>(job, static_cast<float*>(out) + place);
  }
}

void store_channels_first(const ViewRows& view, const StoreFormat& format, void* out) {
  for (int channel = 0; channel < 3; ++channel) {
    const Normalization constants = {_mm256_set1_ps(format.mean[channel]),
                                     make_divisor(format.std[channel])};
    for (std::int32_t y = 0; y < view.size; ++y) {
      const RowJob job = {row_of(view, y, channel),
                          view.size,
                          {constants, constants, constants},
                          format.solarize_threshold};
      const std::ptrdiff_t place =
          (static_cast<std::ptrdiff_t>(channel) * view.size + y) * view.size;
      store_any_row(job, format.dtype, place, out);
    }
  }
}

constexpr int kShuffled = 16;  // bytes

// Shuffles between 16 pixels in three vectors, one per channel, and the same 16 interleaved: byte i
// of these 48 is channel i % 3 of pixel i / 3. A byte of 0x80 in a shuffle gives zero.
struct Shuffles {
  alignas(16) std::uint8_t together[3][3][kShuffled];  // [interleaved vector][channel]
  alignas(16) std::uint8_t apart[3][3][kShuffled];     // [channel][interleaved vector]
};

constexpr Shuffles make_shuffles() {
  Shuffles made{};
  for (int vector = 0; vector < 3; ++vector) {
    for (int channel = 0; channel < 3; ++channel) {
      for (int byte = 0; byte < kShuffled; ++byte) {
        const int mixed = kShuffled * vector + byte;
        const bool is_channel = mixed % 3 == channel;
        made.together[vector][channel][byte] =
            static_cast<std::uint8_t>(is_channel ? mixed / 3 : 0x80);
        const int place = 3 * byte + channel;
        const bool is_vector = place / kShuffled == vector;
        made.apart[channel][vector][byte] =
            static_cast<std::uint8_t>(is_vector ? place % kShuffled : 0x80);
      }
    }
  }
  return made;
}

constexpr Shuffles kShuffles = make_shuffles();

__m128i vector_at(const std::uint8_t* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

// The bytes that the shuffles take from their vectors.
__m128i shuffled(const std::uint8_t (&shuffles)[3][kShuffled], const __m128i (&vectors)[3]) {
  return _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(vectors[0], vector_at(shuffles[0])),
                                   _mm_shuffle_epi8(vectors[1], vector_at(shuffles[1]))),
                      _mm_shuffle_epi8(vectors[2], vector_at(shuffles[2])));
}

void put_vector(__m128i value, std::uint8_t* out) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), value);
}

void interleave(const ViewRows& view, std::int32_t y, std::uint8_t* out) {
  const std::uint8_t *r = row_of(view, y, 0), *g = row_of(view, y, 1), *b = row_of(view, y, 2);
  std::int32_t x = 0;
  for (; x + kShuffled <= view.size; x += kShuffled, out += 3 * kShuffled) {
    const __m128i channels[3] = {vector_at(r + x), vector_at(g + x), vector_at(b + x)};
    for (int i = 0; i < 3; ++i) {
      put_vector(shuffled(kShuffles.together[i], channels), out + kShuffled * i);
    }
  }
  for (; x < view.size; ++x, out += 3) {
    out[0] = r[x];
    out[1] = g[x];
    out[2] = b[x];
  }
}

// Value i of an interleaved row belongs to channel i % 3, so the vectors need three sets in turn.
void store_channels_last(const ViewRows& view, const StoreFormat& format, void* out) {
  Normalization constants[3];
  for (int vector = 0; vector < 3; ++vector) {
    alignas(32) float mean[kLanes], std[kLanes], reciprocal[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      const int channel = (vector * kLanes + lane) % 3;
      mean[lane] = format.mean[channel];
      std[lane] = format.std[channel];
      reciprocal[lane] = 1.0f / std[lane];
    }
    constants[vector] = {_mm256_load_ps(mean), {_mm256_load_ps(std), _mm256_load_ps(reciprocal)}};
  }
  constexpr std::int32_t kMostPixels = 8192;  // of a row: kMaxViewSize
  std::uint8_t row[3 * kMostPixels + kLanes];
  const std::ptrdiff_t count = std::ptrdiff_t{3} * view.size;
  std::memset(row + count, 0, kLanes);
  for (std::int32_t y = 0; y < view.size; ++y) {
    interleave(view, y, row);
    const RowJob job = {
        row, count, {constants[0], constants[1], constants[2]}, format.solarize_threshold};
    store_any_row(job, format.dtype, y * count, out);
  }
}

}  // namespace

void store(const ViewRows& view, const StoreFormat& format, void* out) {
  if (format.memory_format == MemoryFormat::kChannelsLast) {
    store_channels_last(view, format, out);
  } else {
    store_channels_first(view, format, out);
  }
  _mm_sfence();  // streamed values are seen by other threads before the batch is
}

void split(const std::uint8_t* pixels, const ViewRows& view) {
  for (std::int32_t y = 0; y < view.size; ++y) {
    std::uint8_t* const channels[3] = {row_of(view, y, 0), row_of(view, y, 1), row_of(view, y, 2)};
    std::int32_t x = 0;
    for (; x + kShuffled <= view.size; x += kShuffled, pixels += 3 * kShuffled) {
      const __m128i mixed[3] = {vector_at(pixels), vector_at(pixels + kShuffled),
                                vector_at(pixels + 2 * kShuffled)};
      for (int i = 0; i < 3; ++i) put_vector(shuffled(kShuffles.apart[i], mixed), channels[i] + x);
    }
    for (; x < view.size; ++x, pixels += 3) {
      for (int i = 0; i < 3; ++i) channels[i][x] = pixels[i];
    }
  }
}

}  // namespace fastpass::avx2

namespace fastpass {

const ViewRoutines kAvx2ViewRoutines = {"avx2",         avx2::weigh_columns, avx2::columns_to_rows,
                                        avx2::widen,    avx2::weigh_rows,    avx2::recolor,
                                        avx2::box_blur, avx2::store,         avx2::split};

}  // namespace fastpass
