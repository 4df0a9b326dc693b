#include "curate/search/cluster.h"

#include <algorithm>
#include <numeric>

#include "common/parallel_for.h"

namespace fastpass {

UnionFind::UnionFind(std::size_t size) : parents_(size) {
  std::iota(parents_.begin(), parents_.end(), 0u);
}

std::uint32_t UnionFind::find(std::uint32_t item) {
  while (parents_[item] != item) {
    parents_[item] = parents_[parents_[item]];
    item = parents_[item];
  }
  return item;
}

void UnionFind::join(std::uint32_t a, std::uint32_t b) {
  a = find(a);
  b = find(b);
  if (a != b) parents_[std::max(a, b)] = std::min(a, b);
}

std::vector<std::uint32_t> UnionFind::labels() {
  std::vector<std::uint32_t> labels(size());
  for (std::size_t i = 0; i < size(); ++i) labels[i] = find(static_cast<std::uint32_t>(i));
  return labels;
}

std::vector<std::uint32_t> star_clusters(const std::vector<std::uint32_t>& ranks,
                                         const IdPair* pairs, std::size_t num_pairs) {
  const std::size_t size = ranks.size();
  std::vector<std::size_t> begins(size + 1, 0);
  for (std::size_t i = 0; i < num_pairs; ++i) {
    ++begins[pairs[i].first + 1];
    ++begins[pairs[i].second + 1];
  }
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::vector<std::uint32_t> partners(2 * num_pairs);
  std::vector<std::size_t> next(begins.begin(), begins.end() - 1);
  for (std::size_t i = 0; i < num_pairs; ++i) {
    partners[next[pairs[i].first]++] = pairs[i].second;
    partners[next[pairs[i].second]++] = pairs[i].first;
  }
  std::vector<std::uint32_t> in_order(size);
  for (std::size_t i = 0; i < size; ++i) in_order[ranks[i]] = static_cast<std::uint32_t>(i);
  constexpr std::uint32_t kFree = 0xFFFFFFFFu;
  std::vector<std::uint32_t> kept(size, kFree);
  for (const std::uint32_t item : in_order) {
    if (kept[item] != kFree) continue;
    kept[item] = item;
    for (std::size_t i = begins[item]; i < begins[item + 1]; ++i) {
      if (kept[partners[i]] == kFree) kept[partners[i]] = item;
    }
  }
  return kept;
}

std::vector<std::int32_t> cluster_diameters(const CodeArray& codes,
                                            const std::vector<std::uint32_t>& labels,
                                            int num_threads) {
  std::vector<std::uint32_t> items(labels.size());
  std::iota(items.begin(), items.end(), 0u);
  std::stable_sort(items.begin(), items.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return labels[a] < labels[b]; });
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i == 0 || labels[items[i]] != labels[items[i - 1]]) begins.push_back(i);
  }
  begins.push_back(items.size());
  std::vector<std::int32_t> diameters(labels.size(), 0);
  const auto num_clusters = static_cast<std::int64_t>(begins.size()) - 1;
  parallel_for(num_clusters, num_threads, [&](std::int64_t cluster, int) {
    const std::size_t begin = begins[static_cast<std::size_t>(cluster)];
    const std::size_t end = begins[static_cast<std::size_t>(cluster) + 1];
    std::int32_t largest = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint64_t* a = codes.code(items[i]);
      for (std::size_t j = i + 1; j < end; ++j) {
        const std::uint64_t* b = codes.code(items[j]);
        std::int32_t distance = 0;
        for (int w = 0; w < codes.num_words; ++w) distance += __builtin_popcountll(a[w] ^ b[w]);
        largest = std::max(largest, distance);
      }
    }
    for (std::size_t i = begin; i < end; ++i) diameters[items[i]] = largest;
  });
  return diameters;
}

}  // namespace fastpass
