// Equal codes: searched as one, and told apart only when pairs are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/status.h"
#include "curate/search/code_planes.h"
#include "curate/search/pair_collector.h"

namespace fastpass {

// The first code of every group of equal ones, and which one that is for each code.
struct EqualCodes {
  std::vector<std::uint32_t> firsts;
  std::vector<std::uint32_t> first_of;  // [code]

  // [code]: how many there are in its group where it is the first, else 0.
  std::vector<std::uint32_t> counts() const;
};

EqualCodes find_equal_codes(const CodeArray& codes);

// Finds the pairs among the codes at some places: find_within() or find_within_on_gpu().
using FindWithin =
    std::function<Status(const std::vector<std::uint32_t>& chosen, PairCollector* pairs)>;

// How many pairs there are, equal codes counted pair by pair; none of them is kept.
Status count_pairs(const EqualCodes& equal, const FindWithin& find, std::uint64_t* count);
// All of them, first < second, sorted. kOutOfMemory, with their number, where there are more than
// `max_pairs`.
Status find_pairs(const EqualCodes& equal, const FindWithin& find, std::uint64_t max_pairs,
                  std::vector<IdPair>* pairs);
// Those among the first codes alone.
Status find_distinct_pairs(const EqualCodes& equal, const FindWithin& find, std::uint64_t max_pairs,
                           std::vector<IdPair>* pairs);

// kOutOfMemory: so many pairs, where there is room for less.
Status too_many_pairs(std::uint64_t count, std::uint64_t max_pairs);

}  // namespace fastpass
