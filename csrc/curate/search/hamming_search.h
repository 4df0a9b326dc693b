// Close codes, by the fastest way for their number and the radius; always exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "curate/search/code_planes.h"
#include "curate/search/hamming_routines.h"
#include "curate/search/pair_collector.h"
#include "curate/search/slot_join.h"

namespace fastpass {

enum class SearchBackend : std::uint8_t { kAuto, kBrute, kMultiIndex };

struct SearchOptions {
  int radius = 0;  // bits; at most those of a code
  SearchBackend backend = SearchBackend::kAuto;
  const HammingRoutines* routines = nullptr;
  int num_threads = 1;
};

// Pairs among the codes at the places `chosen`, which differ from one another; by these places,
// first < second.
void find_within(const CodeArray& codes, const std::vector<std::uint32_t>& chosen,
                 const SearchOptions& options, PairCollector* pairs);
// Pairs (query, code).
void find_between(const CodeArray& queries, const CodeArray& codes, const SearchOptions& options,
                  PairCollector* pairs);

// A piece of the work at one slot: values of it whose highest bits are given.
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
