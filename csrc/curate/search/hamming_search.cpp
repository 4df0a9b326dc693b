#include "curate/search/hamming_search.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "common/parallel_for.h"

namespace fastpass {
namespace {

CodeList list_of(const CodeArray& codes, const std::vector<std::uint32_t>& chosen) {
  CodeList list;
  list.planes.resize(codes.num_words, chosen.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) list.planes.set(i, codes.code(chosen[i]));
  list.ids = chosen;
  return list;
}

bool takes_slots(const SlotJoin& join, const SearchOptions& options, const CodeList& a,
                 const CodeList* b) {
  if (options.backend != SearchBackend::kAuto) {
    return options.backend == SearchBackend::kMultiIndex;
  }
  const auto size = static_cast<double>(a.ids.size());
  const double brute = b != nullptr ? size * static_cast<double>(b->ids.size()) : size * size / 2;
  constexpr double kSmall = 1e7;  // takes milliseconds either way
  return brute > kSmall && join.cost(a, b) < brute;
}

void find(const CodeList& a, const CodeList* b, const SearchOptions& options,
          PairCollector* pairs) {
  const SlotJoin join(*options.routines, a.planes.num_words(), options.radius, options.num_threads);
  if (takes_slots(join, options, a, b)) {
    // Two slots at a time: while one is sorted, which is one thread's work, the other is compared.
    parallel_for(join.num_slots(), std::min(2, options.num_threads),
                 [&](std::int64_t slot, int) { join.join(a, b, static_cast<int>(slot), pairs); });
  } else {
    join_all(*options.routines, options.radius, options.num_threads, a, b, pairs);
  }
}

}  // namespace

void find_within(const CodeArray& codes, const std::vector<std::uint32_t>& chosen,
                 const SearchOptions& options, PairCollector* pairs) {
  find(list_of(codes, chosen), nullptr, options, pairs);
}

void find_between(const CodeArray& queries, const CodeArray& codes, const SearchOptions& options,
                  PairCollector* pairs) {
  const auto all = [](const CodeArray& array) {
    std::vector<std::uint32_t> ids(array.size);
    std::iota(ids.begin(), ids.end(), 0u);
    return list_of(array, ids);
  };
  const CodeList second = all(codes);
  find(all(queries), &second, options, pairs);
}

std::vector<SlotPart> plan_slot_parts(const CodeArray& codes, int radius,
                                      std::size_t memory_bytes) {
  const int num_slots = codes.num_words * kSlotsPerWord;
  const int flips = radius / num_slots;
  // Of a code in a part: its words in two orders, its number twice, and places for sorting.
  const std::size_t bytes_per_code = 16 * static_cast<std::size_t>(codes.num_words) + 24;
  const auto needed = [&](int bits) {
    const std::size_t num_parts = bits == 0 ? 1 : 2;
    return num_parts * codes.size * bytes_per_code >> bits;
  };
  int part_bits = 0;
  // Room is left for pairs, and for values that are not evenly spread.
  while (part_bits < 8 && needed(part_bits) > memory_bytes / 4 * 3) ++part_bits;
  std::vector<SlotPart> parts;
  for (int slot = 0; slot < num_slots; ++slot) {
    for (int first = 0; first < 1 << part_bits; ++first) {
      for (int second = first; second < 1 << part_bits; ++second) {
        const int apart = __builtin_popcount(static_cast<unsigned>(first ^ second));
        if (apart <= flips) parts.push_back({slot, first, second, part_bits});
      }
    }
  }
  return parts;
}

void find_part_pairs(const CodeArray& codes, const SearchOptions& options, const SlotPart& part,
                     std::vector<IdPair>* pairs) {
  const auto take = [&](int wanted) {
    std::vector<std::uint32_t> chosen;
    const int word = part.slot / kSlotsPerWord;
    const int shift = part.slot % kSlotsPerWord * kSlotBits + kSlotBits - part.part_bits;
    for (std::size_t i = 0; i < codes.size; ++i) {
      const auto top = part.part_bits == 0
                           ? 0
                           : static_cast<int>(codes.code(i)[word] >> shift &
                                              ((std::uint64_t{1} << part.part_bits) - 1));
      if (top == wanted) chosen.push_back(static_cast<std::uint32_t>(i));
    }
    return list_of(codes, chosen);
  };
  const SlotJoin join(*options.routines, codes.num_words, options.radius, options.num_threads);
  PairCollector found(std::numeric_limits<std::uint64_t>::max());
  const CodeList first = take(part.first_part);
  if (part.first_part == part.second_part) {
    join.join(first, nullptr, part.slot, &found);
  } else {
    const CodeList second = take(part.second_part);
    join.join(first, &second, part.slot, &found);
  }
  *pairs = found.take();
  for (IdPair& pair : *pairs) {
    if (pair.second < pair.first) std::swap(pair.first, pair.second);
  }
  std::sort(pairs->begin(), pairs->end());
}

}  // namespace fastpass
