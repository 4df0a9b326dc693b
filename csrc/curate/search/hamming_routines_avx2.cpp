// Four codes per register, two queries at a time. Bits are counted per byte, through a table of
// nibbles, and both words' bytes are summed at once.
#include <immintrin.h>

#include "curate/search/hamming_routines.h"

namespace fastpass {
namespace {

struct Query {
  __m256i first;
  __m256i second;
};

inline Query load_query(const CodeBlock& a, std::size_t i) {
  const std::uint64_t* second = a.words[a.num_words > 1 ? 1 : 0];
  return {_mm256_set1_epi64x(static_cast<long long>(a.words[0][i])),
          _mm256_set1_epi64x(static_cast<long long>(second[i]))};
}

inline __m256i count_bytes(__m256i bits) {
  const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                          2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i low = _mm256_and_si256(bits, nibble);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bits, 4), nibble);
  return _mm256_add_epi8(_mm256_shuffle_epi8(counts, low), _mm256_shuffle_epi8(counts, high));
}

// All ones where the two words are further apart.
inline __m256i is_far(const Query& query, __m256i first, __m256i second, __m256i limit) {
  const __m256i bytes = _mm256_add_epi8(count_bytes(_mm256_xor_si256(query.first, first)),
                                        count_bytes(_mm256_xor_si256(query.second, second)));
  return _mm256_cmpgt_epi64(_mm256_sad_epu8(bytes, _mm256_setzero_si256()), limit);
}

inline unsigned near_lanes(__m256i far) {
  return ~static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(far))) & 15u;
}

inline __m256i limit_of(const CodeBlock& a, int radius) {
  return _mm256_set1_epi64x(a.num_words > 1 ? radius : 2 * radius);
}

inline __m256i load(const std::uint64_t* words) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
}

__attribute__((noinline)) void add_hits(const CodeBlock& a, const CodeBlock& b, std::size_t i,
                                        std::size_t j, unsigned hits, int radius,
                                        std::vector<CodePair>* pairs) {
  for (; hits != 0; hits &= hits - 1) {
    const auto lane = static_cast<std::size_t>(__builtin_ctz(hits));
    add_if_close(a, b, i, j + lane, radius, pairs);
  }
}

void find_close(const CodeBlock& a, const CodeBlock& b, int radius, bool is_upper,
                std::vector<CodePair>* pairs) {
  const __m256i limit = limit_of(a, radius);
  const std::uint64_t* first = b.words[0];
  const std::uint64_t* second = b.words[b.num_words > 1 ? 1 : 0];
  std::size_t i = a.begin;
  for (; i + 2 <= a.end; i += 2) {
    std::size_t begin = b.begin;
    if (is_upper && i + 1 > begin) {
      if (i + 1 < b.end) add_if_close(a, b, i, i + 1, radius, pairs);
      begin = i + 2;
    }
    const Query q0 = load_query(a, i), q1 = load_query(a, i + 1);
    for (std::size_t j = begin; j < b.end; j += 4) {
      const __m256i x = load(first + j), y = load(second + j);
      const __m256i far0 = is_far(q0, x, y, limit), far1 = is_far(q1, x, y, limit);
      unsigned inside = b.end - j < 4 ? (1u << (b.end - j)) - 1 : 15u;
      if ((near_lanes(_mm256_and_si256(far0, far1)) & inside) == 0) continue;
      add_hits(a, b, i, j, near_lanes(far0) & inside, radius, pairs);
      add_hits(a, b, i + 1, j, near_lanes(far1) & inside, radius, pairs);
    }
  }
  if (i == a.end) return;
  const Query query = load_query(a, i);
  for (std::size_t j = is_upper && i + 1 > b.begin ? i + 1 : b.begin; j < b.end; j += 4) {
    const unsigned inside = b.end - j < 4 ? (1u << (b.end - j)) - 1 : 15u;
    const unsigned hits =
        near_lanes(is_far(query, load(first + j), load(second + j), limit)) & inside;
    if (hits != 0) add_hits(a, b, i, j, hits, radius, pairs);
  }
}

}  // namespace

const HammingRoutines kAvx2HammingRoutines = {"avx2", find_close};

}  // namespace fastpass
