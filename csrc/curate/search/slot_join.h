// Pairs of codes within a radius of one another, by the slots that they nearly share.
//
// Note [Slots]. A code is cut into slots of 16 bits. Of two codes within radius r, some slot of m
// differs by at most r / m bits: so it is enough to compare, for every slot, codes whose value
// there is the same or that many flipped bits away. (Norouzi, Punjani and Fleet, "Fast Exact Search
// in Hamming Space with Multi-Index Hashing", 2014.) A pair is reported by the first such slot
// only.
//
// Where many codes share a slot's value, the same is done again inside: of the slots that are left,
// some differs by at most r / (slots left) bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "curate/search/code_planes.h"
#include "curate/search/hamming_routines.h"
#include "curate/search/pair_collector.h"

namespace fastpass {

constexpr int kSlotBits = 16;
constexpr int kSlotsPerWord = 64 / kSlotBits;

// Codes and their numbers.
struct CodeList {
  CodePlanes planes;
  std::vector<std::uint32_t> ids;
};

// Finds all pairs of near codes by way of the slots that they share, on several threads.
class SlotJoin {
 public:
  SlotJoin(const HammingRoutines& routines, int num_words, int radius, int num_threads)
      : routines_(routines),
        num_slots_(num_words * kSlotsPerWord),
        radius_(radius),
        num_threads_(num_threads) {}

  int num_slots() const { return num_slots_; }
  // The pairs that `slot` is the first to report: of codes of one list (`b` nullptr; first <
  // second), or of a code of `a` and one of `b`.
  void join(const CodeList& a, const CodeList* b, int slot, PairCollector* pairs) const;

  // Comparisons that join() would make for all slots, roughly.
  double cost(const CodeList& a, const CodeList* b) const;

 private:
  struct Sorted;
  struct Path;
  class Task;

  int flips_of(int num_used) const { return radius_ / (num_slots_ - num_used); }

  const HammingRoutines& routines_;
  const int num_slots_;
  const int radius_;
  const int num_threads_;
};

// Every pair, whatever the slots; the same pairs.
void join_all(const HammingRoutines& routines, int radius, int num_threads, const CodeList& a,
              const CodeList* b, PairCollector* pairs);

}  // namespace fastpass
