#include "curate/search/equal_codes.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

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

std::uint64_t pairs_of_equals(const std::vector<std::uint32_t>& counts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) sum += count > 0 ? count * (count - 1) / 2 : 0;
  return sum;
}

// With the smaller place first, sorted.
std::vector<IdPair> in_order(std::vector<IdPair> pairs) {
  for (IdPair& pair : pairs) {
    if (pair.second < pair.first) std::swap(pair.first, pair.second);
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

void add_equals(const EqualCodes& equal, const Members& members, std::vector<IdPair>* pairs) {
  for (const std::uint32_t first : equal.firsts) {
    const std::uint32_t* group = members.begin(first);
    for (std::size_t i = 0; i < members.count(first); ++i) {
      for (std::size_t j = i + 1; j < members.count(first); ++j) {
        pairs->push_back({group[i], group[j], 0});
      }
    }
  }
}

// All pairs of the equals of two codes.
void add_between(const Members& members, const IdPair& pair, std::vector<IdPair>* pairs) {
  for (std::size_t i = 0; i < members.count(pair.first); ++i) {
    for (std::size_t j = 0; j < members.count(pair.second); ++j) {
      const std::uint32_t a = members.begin(pair.first)[i];
      const std::uint32_t b = members.begin(pair.second)[j];
      pairs->push_back({std::min(a, b), std::max(a, b), pair.distance});
    }
  }
}

}  // namespace

std::vector<std::uint32_t> EqualCodes::counts() const {
  std::vector<std::uint32_t> counts(first_of.size(), 0);
  for (const std::uint32_t first : first_of) ++counts[first];
  return counts;
}

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

Status too_many_pairs(std::uint64_t count, std::uint64_t max_pairs) {
  return {Fault::kOutOfMemory,
          std::to_string(count) + " pairs within the radius, and room for " +
              std::to_string(max_pairs) +
              ": HammingIndex.groups() makes their groups without listing pairs of equal codes; or "
              "take a smaller radius, or raise max_pairs"};
}

Status count_pairs(const EqualCodes& equal, const FindWithin& find, std::uint64_t* count) {
  const std::vector<std::uint32_t> counts = equal.counts();
  PairCollector found(0, &counts);
  FASTPASS_RETURN_IF_ERROR(find(equal.firsts, &found));
  *count = found.total() + pairs_of_equals(counts);
  return {};
}

Status find_pairs(const EqualCodes& equal, const FindWithin& find, std::uint64_t max_pairs,
                  std::vector<IdPair>* pairs) {
  const std::vector<std::uint32_t> counts = equal.counts();
  const std::uint64_t num_equal = pairs_of_equals(counts);
  PairCollector found(max_pairs - std::min(max_pairs, num_equal), &counts);
  FASTPASS_RETURN_IF_ERROR(find(equal.firsts, &found));
  const std::uint64_t total = found.total() + num_equal;
  if (total > max_pairs) return too_many_pairs(total, max_pairs);
  if (num_equal == 0) {
    *pairs = in_order(found.take());
    return {};
  }
  const Members members(equal);
  pairs->clear();
  pairs->reserve(total);
  add_equals(equal, members, pairs);
  for (const IdPair& pair : found.take()) add_between(members, pair, pairs);
  std::sort(pairs->begin(), pairs->end());
  return {};
}

Status find_distinct_pairs(const EqualCodes& equal, const FindWithin& find, std::uint64_t max_pairs,
                           std::vector<IdPair>* pairs) {
  PairCollector found(max_pairs);
  FASTPASS_RETURN_IF_ERROR(find(equal.firsts, &found));
  if (found.is_over()) return too_many_pairs(found.total(), max_pairs);
  *pairs = in_order(found.take());
  return {};
}

}  // namespace fastpass
