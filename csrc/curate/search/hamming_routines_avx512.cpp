// Eight codes per register, four queries at a time: two exclusive ors, two population counts, a sum
// and a comparison for eight pairs.
#include <immintrin.h>

#include "curate/search/hamming_routines.h"

namespace fastpass {
namespace {

constexpr int kQueries = 4;

struct Query {
  __m512i first;
  __m512i second;
};

inline Query load_query(const CodeBlock& a, std::size_t i) {
  const std::uint64_t* second = a.words[a.num_words > 1 ? 1 : 0];
  return {_mm512_set1_epi64(static_cast<long long>(a.words[0][i])),
          _mm512_set1_epi64(static_cast<long long>(second[i]))};
}

inline __mmask8 compare(const Query& query, __m512i first, __m512i second, __m512i limit) {
  const __m512i counts =
      _mm512_add_epi64(_mm512_popcnt_epi64(_mm512_xor_si512(query.first, first)),
                       _mm512_popcnt_epi64(_mm512_xor_si512(query.second, second)));
  return _mm512_cmple_epi64_mask(counts, limit);
}

// Codes of one word: their second word is the first again, and the limit twice as high.
inline __m512i limit_of(const CodeBlock& a, int radius) {
  return _mm512_set1_epi64(a.num_words > 1 ? radius : 2 * radius);
}

__attribute__((noinline)) void add_hits(const CodeBlock& a, const CodeBlock& b, std::size_t i,
                                        std::size_t j, unsigned hits, int radius,
                                        std::vector<CodePair>* pairs) {
  for (; hits != 0; hits &= hits - 1) {
    const auto lane = static_cast<std::size_t>(__builtin_ctz(hits));
    add_if_close(a, b, i, j + lane, radius, pairs);
  }
}

void scan_one(const CodeBlock& a, const CodeBlock& b, std::size_t i, std::size_t begin, int radius,
              std::vector<CodePair>* pairs) {
  const Query query = load_query(a, i);
  const __m512i limit = limit_of(a, radius);
  const std::uint64_t* first = b.words[0];
  const std::uint64_t* second = b.words[b.num_words > 1 ? 1 : 0];
  for (std::size_t j = begin; j < b.end; j += 8) {
    unsigned hits =
        compare(query, _mm512_loadu_si512(first + j), _mm512_loadu_si512(second + j), limit);
    if (b.end - j < 8) hits &= (1u << (b.end - j)) - 1;
    if (hits != 0) add_hits(a, b, i, j, hits, radius, pairs);
  }
}

void find_close(const CodeBlock& a, const CodeBlock& b, int radius, bool is_upper,
                std::vector<CodePair>* pairs) {
  const __m512i limit = limit_of(a, radius);
  const std::uint64_t* first = b.words[0];
  const std::uint64_t* second = b.words[b.num_words > 1 ? 1 : 0];
  std::size_t i = a.begin;
  for (; i + kQueries <= a.end; i += kQueries) {
    std::size_t begin = b.begin;
    if (is_upper && i + 1 > begin) {
      // The corner where some of the four queries come too late.
      const std::size_t corner = i + kQueries < b.end ? i + kQueries : b.end;
      for (std::size_t k = i; k < i + kQueries; ++k) {
        for (std::size_t j = k + 1; j < corner; ++j) add_if_close(a, b, k, j, radius, pairs);
      }
      begin = i + kQueries;
    }
    const Query q0 = load_query(a, i), q1 = load_query(a, i + 1);
    const Query q2 = load_query(a, i + 2), q3 = load_query(a, i + 3);
    for (std::size_t j = begin; j < b.end; j += 8) {
      const __m512i x = _mm512_loadu_si512(first + j);
      const __m512i y = _mm512_loadu_si512(second + j);
      const __mmask8 h0 = compare(q0, x, y, limit), h1 = compare(q1, x, y, limit);
      const __mmask8 h2 = compare(q2, x, y, limit), h3 = compare(q3, x, y, limit);
      unsigned any = static_cast<unsigned>(h0) | static_cast<unsigned>(h1) |
                     static_cast<unsigned>(h2) | static_cast<unsigned>(h3);
      const unsigned inside = b.end - j < 8 ? (1u << (b.end - j)) - 1 : 0xFFu;
      if ((any & inside) == 0) continue;
      add_hits(a, b, i, j, h0 & inside, radius, pairs);
      add_hits(a, b, i + 1, j, h1 & inside, radius, pairs);
      add_hits(a, b, i + 2, j, h2 & inside, radius, pairs);
      add_hits(a, b, i + 3, j, h3 & inside, radius, pairs);
    }
  }
  for (; i < a.end; ++i) {
    const std::size_t begin = is_upper && i + 1 > b.begin ? i + 1 : b.begin;
    scan_one(a, b, i, begin, radius, pairs);
  }
}

}  // namespace

const HammingRoutines kAvx512HammingRoutines = {"avx512", find_close};

}  // namespace fastpass
