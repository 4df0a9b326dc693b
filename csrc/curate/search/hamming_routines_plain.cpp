#include <algorithm>
#include <cstring>

#include "common/multiversion.h"
#include "curate/search/hamming_routines.h"

namespace fastpass {
namespace {

inline int count_bits(std::uint64_t word) { return __builtin_popcountll(word); }

}  // namespace

FASTPASS_POPCNT_CLONE
void add_if_close(const CodeBlock& a, const CodeBlock& b, std::size_t i, std::size_t j, int radius,
                  std::vector<CodePair>* pairs) {
  int distance = 0;
  for (int w = 0; w < a.num_words; ++w) distance += count_bits(a.words[w][i] ^ b.words[w][j]);
  if (distance > radius) return;
  pairs->push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j), distance});
}

namespace {

FASTPASS_POPCNT_CLONE
void find_close(const CodeBlock& a, const CodeBlock& b, int radius, bool is_upper,
                std::vector<CodePair>* pairs) {
  const int num_first = std::min(a.num_words, 2);
  const std::uint64_t* first = b.words[0];
  const std::uint64_t* second = b.words[num_first - 1];
  const std::uint64_t second_mask = num_first == 2 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = a.begin; i < a.end; ++i) {
    const std::uint64_t query = a.words[0][i];
    const std::uint64_t query_second = a.words[num_first - 1][i];
    for (std::size_t j = is_upper ? std::max(b.begin, i + 1) : b.begin; j < b.end; ++j) {
      const int partial =
          count_bits(query ^ first[j]) + count_bits((query_second ^ second[j]) & second_mask);
      if (partial <= radius) add_if_close(a, b, i, j, radius, pairs);
    }
  }
}

}  // namespace

const HammingRoutines kPlainHammingRoutines = {"plain", find_close};

const std::vector<const HammingRoutines*>& available_hamming_routines() {
  using F = CpuFeature;
  static const auto builds = available_builds<HammingRoutines>({
      {&kPlainHammingRoutines, {}},
      {&kAvx2HammingRoutines, {F::kAvx2}},
      {&kAvx512HammingRoutines, {F::kAvx512f, F::kAvx512vpopcntdq}},
  });
  return builds;
}

const HammingRoutines* hamming_routines(const char* name) {
  const auto& all = available_hamming_routines();
  if (std::strcmp(name, "auto") == 0) return all.back();
  for (const HammingRoutines* routines : all) {
    if (std::strcmp(routines->name, name) == 0) return routines;
  }
  return nullptr;
}

}  // namespace fastpass
