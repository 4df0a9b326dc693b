#include "curate/search/hamming_search.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>

#include "common/parallel_for.h"

namespace fastpass {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFFu;

std::uint64_t hash_of(const CodeArray& codes, std::size_t i) {
  std::uint64_t hash = 0x9E3779B97F4A7C15u;
  const std::uint64_t* code = codes.code(i);
  for (int w = 0; w < codes.num_words; ++w) {
    hash = (hash ^ code[w]) * 0xFF51AFD7ED558CCDu;
    hash ^= hash >> 32;
  }
  return hash;
}

bool is_equal(const CodeArray& codes, std::size_t a, std::size_t b) {
  return std::memcmp(codes.code(a), codes.code(b),
                     sizeof(std::uint64_t) * static_cast<std::size_t>(codes.num_words)) == 0;
}

CodeList list_of(const CodeArray& codes, const std::vector<std::uint32_t>& chosen) {
  CodeList list;
  list.planes.resize(codes.num_words, chosen.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) list.planes.set(i, codes.code(chosen[i]));
  list.ids = chosen;
  return list;
}

bool takes_slots(const SlotJoin& join, const SearchOptions& options, const CodeList& a,
                 const CodeList* b) {
  if (options.strategy != SearchStrategy::kAuto) {
    return options.strategy == SearchStrategy::kMultiIndex;
  }
  const auto size = static_cast<double>(a.ids.size());
  const double brute = b != nullptr ? size * static_cast<double>(b->ids.size()) : size * size / 2;
  constexpr double kSmall = 1e7;  // a blink either way
  return brute > kSmall && join.cost(a, b) < brute;
}

std::vector<IdPair> find_unique(const SearchOptions& options, const CodeList& a,
                                const CodeList* b) {
  std::vector<IdPair> pairs;
  const SlotJoin join(*options.kernels, a.planes.num_words(), options.radius, options.num_threads);
  if (takes_slots(join, options, a, b)) {
    // Two slots at a time: while one is sorted, which is one thread's work, the other is compared.
    std::vector<std::vector<IdPair>> found(static_cast<std::size_t>(join.num_slots()));
    parallel_for(join.num_slots(), std::min(2, options.num_threads), [&](std::int64_t slot, int) {
      join.join(a, b, static_cast<int>(slot), &found[static_cast<std::size_t>(slot)]);
    });
    for (const auto& of_slot : found) pairs.insert(pairs.end(), of_slot.begin(), of_slot.end());
  } else {
    join_all(*options.kernels, options.radius, options.num_threads, a, b, &pairs);
  }
  return pairs;
}

// [first code of a group]: its members, one behind the other.
struct Members {
  std::vector<std::size_t> begins;  // [code]
  std::vector<std::uint32_t> codes;

  explicit Members(const EqualCodes& equal) {
    const std::size_t size = equal.first_of.size();
    begins.assign(size + 1, 0);
    for (const std::uint32_t first : equal.first_of) ++begins[first + 1];
    for (std::size_t i = 0; i < size; ++i) begins[i + 1] += begins[i];
    codes.resize(size);
    std::vector<std::size_t> next(begins.begin(), begins.end() - 1);
    for (std::size_t i = 0; i < size; ++i) {
      codes[next[equal.first_of[i]]++] = static_cast<std::uint32_t>(i);
    }
  }
  std::size_t count(std::uint32_t first) const { return begins[first + 1] - begins[first]; }
  const std::uint32_t* begin(std::uint32_t first) const { return codes.data() + begins[first]; }
};

Status too_many(double count, std::size_t max_pairs) {
  return {Fault::kOutOfMemory, std::to_string(static_cast<std::uint64_t>(count)) +
                                   " pairs within the radius, of which there is room for " +
                                   std::to_string(max_pairs) +
                                   ": take a smaller radius, or only one code of those that are "
                                   "equal"};
}

}  // namespace

EqualCodes find_equal_codes(const CodeArray& codes) {
  std::size_t num_places = 16;
  while (num_places < 2 * codes.size) num_places *= 2;
  std::vector<std::uint32_t> table(num_places, kNone);
  EqualCodes equal;
  equal.first_of.resize(codes.size);
  for (std::size_t i = 0; i < codes.size; ++i) {
    std::size_t place = hash_of(codes, i) & (num_places - 1);
    while (table[place] != kNone && !is_equal(codes, table[place], i)) {
      place = (place + 1) & (num_places - 1);
    }
    if (table[place] == kNone) {
      table[place] = static_cast<std::uint32_t>(i);
      equal.firsts.push_back(static_cast<std::uint32_t>(i));
    }
    equal.first_of[i] = table[place];
  }
  return equal;
}

Status find_pairs(const CodeArray& codes, const SearchOptions& options, std::size_t max_pairs,
                  std::vector<IdPair>* pairs) {
  const EqualCodes equal = find_equal_codes(codes);
  const Members members(equal);
  const CodeList list = list_of(codes, equal.firsts);
  const std::vector<IdPair> found = find_unique(options, list, nullptr);
  double count = 0;
  for (const std::uint32_t first : equal.firsts) {
    const auto size = static_cast<double>(members.count(first));
    count += size * (size - 1) / 2;
  }
  for (const IdPair& pair : found) {
    count += static_cast<double>(members.count(pair.first)) *
             static_cast<double>(members.count(pair.second));
  }
  if (count > static_cast<double>(max_pairs)) return too_many(count, max_pairs);
  pairs->clear();
  pairs->reserve(static_cast<std::size_t>(count));
  for (const std::uint32_t first : equal.firsts) {
    const std::uint32_t* group = members.begin(first);
    for (std::size_t i = 0; i < members.count(first); ++i) {
      for (std::size_t j = i + 1; j < members.count(first); ++j) {
        pairs->push_back({group[i], group[j], 0});
      }
    }
  }
  for (const IdPair& pair : found) {
    for (std::size_t i = 0; i < members.count(pair.first); ++i) {
      for (std::size_t j = 0; j < members.count(pair.second); ++j) {
        const std::uint32_t a = members.begin(pair.first)[i];
        const std::uint32_t b = members.begin(pair.second)[j];
        pairs->push_back({std::min(a, b), std::max(a, b), pair.distance});
      }
    }
  }
  std::sort(pairs->begin(), pairs->end());
  return {};
}

Status find_matches(const CodeArray& queries, const CodeArray& codes, const SearchOptions& options,
                    std::size_t max_pairs, std::vector<IdPair>* pairs) {
  const auto all = [](const CodeArray& array) {
    std::vector<std::uint32_t> ids(array.size);
    std::iota(ids.begin(), ids.end(), 0u);
    return list_of(array, ids);
  };
  const CodeList a = all(queries), b = all(codes);
  *pairs = find_unique(options, a, &b);
  if (pairs->size() > max_pairs) return too_many(static_cast<double>(pairs->size()), max_pairs);
  std::sort(pairs->begin(), pairs->end());
  return {};
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
  const SlotJoin join(*options.kernels, codes.num_words, options.radius, options.num_threads);
  const CodeList first = take(part.first_part);
  if (part.first_part == part.second_part) {
    join.join(first, nullptr, part.slot, pairs);
  } else {
    const CodeList second = take(part.second_part);
    join.join(first, &second, part.slot, pairs);
    for (IdPair& pair : *pairs) {
      if (pair.second < pair.first) std::swap(pair.first, pair.second);
    }
  }
  std::sort(pairs->begin(), pairs->end());
}

}  // namespace fastpass
