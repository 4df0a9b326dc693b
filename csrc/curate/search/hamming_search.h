// All pairs of close codes, by the fastest way for their number and the radius; always exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/status.h"
#include "curate/search/hamming_routines.h"
#include "curate/search/slot_join.h"

namespace fastpass {

// Codes one behind the other, `num_words` words each, of the caller.
struct CodeArray {
  const std::uint64_t* words = nullptr;
  std::size_t size = 0;
  int num_words = 1;

  const std::uint64_t* code(std::size_t i) const {
    return words + i * static_cast<std::size_t>(num_words);
  }
};

enum class SearchStrategy : std::uint8_t { kAuto, kBruteForce, kMultiIndex };

struct SearchOptions {
  int radius = 0;  // bits; at most those of a code
  SearchStrategy strategy = SearchStrategy::kAuto;
  const HammingRoutines* kernels = nullptr;
  int num_threads = 1;
};

// The first code of every group of equal ones, and its members in order.
struct EqualCodes {
  std::vector<std::uint32_t> firsts;
  std::vector<std::uint32_t> first_of;  // [code]
};

EqualCodes find_equal_codes(const CodeArray& codes);

// Positions of all pairs within the radius, first < second, sorted. kOutOfMemory where there are
// more than `max_pairs`.
Status find_pairs(const CodeArray& codes, const SearchOptions& options, std::size_t max_pairs,
                  std::vector<IdPair>* pairs);
// Pairs (query, code), sorted.
Status find_matches(const CodeArray& queries, const CodeArray& codes, const SearchOptions& options,
                    std::size_t max_pairs, std::vector<IdPair>* pairs);

// What join_slot_range() divides a slot into: values whose highest bits are the same.
struct SlotPart {
  int slot = 0;
  int first_part = 0;  // of 2^part_bits
  int second_part = 0;
  int part_bits = 0;
};

// Parts that cover every pair once, of which two lie in `memory_bytes` together.
std::vector<SlotPart> plan_slot_parts(const CodeArray& codes, int radius, std::size_t memory_bytes);
// The pairs of one part, of codes that may lie in a mapped file: only those of the part are copied.
void find_part_pairs(const CodeArray& codes, const SearchOptions& options, const SlotPart& part,
                     std::vector<IdPair>* pairs);

}  // namespace fastpass
