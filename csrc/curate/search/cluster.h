// Groups of near duplicates out of pairs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "curate/search/code_planes.h"
#include "curate/search/pair_collector.h"

namespace fastpass {

// Connected components, built up pair by pair (union-find). A set is named by its smallest member.
class UnionFind {
 public:
  explicit UnionFind(std::size_t size);
  std::size_t size() const { return parents_.size(); }
  std::uint32_t find(std::uint32_t item);
  void join(std::uint32_t a, std::uint32_t b);
  // [item]: the smallest item that chains of pairs lead to.
  std::vector<std::uint32_t> labels();

 private:
  std::vector<std::uint32_t> parents_;
};

// [item]: the item that it duplicates, itself where it is kept. Items are looked at in the order of
// `ranks` (a permutation's ranks, 0 first): one that no kept item is paired with is kept, and takes
// all of its partners that nobody has taken. So every member is within the radius of the kept one.
std::vector<std::uint32_t> star_clusters(const std::vector<std::uint32_t>& ranks,
                                         const IdPair* pairs, std::size_t num_pairs);

// [code]: the largest distance between two members of its cluster (labels as above).
std::vector<std::int32_t> cluster_diameters(const CodeArray& codes,
                                            const std::vector<std::uint32_t>& labels,
                                            int num_threads);

}  // namespace fastpass
