#include "curate/search/slot_join.h"

#include <algorithm>
#include <array>
#include <memory>

#include "common/parallel_for.h"

namespace fastpass {
namespace {

constexpr std::size_t kNumValues = std::size_t{1} << kSlotBits;
// Below this many comparisons a block is compared with a block; above, another slot divides them.
constexpr double kDirectPairs = 1 << 27;
// Values of a slot that one thread takes at a time.
constexpr std::int64_t kValuesPerTask = 64;
// A block of codes that stays in the second-level cache while others are compared with it.
constexpr std::size_t kBlockCodes = 4096;

int count_bits(std::uint32_t value) { return __builtin_popcount(value); }

// All values of at most `most` bits, by increasing number of bits.
std::vector<std::uint32_t> make_flips(int most) {
  std::vector<std::uint32_t> flips;
  for (int bits = 0; bits <= most; ++bits) {
    for (std::uint32_t value = 0; value < kNumValues; ++value) {
      if (count_bits(value) == bits) flips.push_back(value);
    }
  }
  return flips;
}

// Codes that are compared with such a block at a time: what they find has an upper limit.
constexpr std::size_t kBlockRows = 512;
// Pairs that a thread gathers before it hands them on.
constexpr std::size_t kPairsAtOnce = std::size_t{1} << 18;

// Blocks against blocks that fit the cache; `report` takes the pairs of each. `a` and `b` are the
// same block where is_upper.
template <typename Report>
void find_close_tiled(const HammingRoutines& routines, const CodeBlock& a, const CodeBlock& b,
                      int radius, bool is_upper, std::vector<CodePair>* found,
                      const Report& report) {
  CodeBlock rows = a, columns = b;
  for (; columns.begin < b.end; columns.begin = columns.end) {
    columns.end = std::min(b.end, columns.begin + kBlockCodes);
    const std::size_t last = is_upper ? std::min(a.end, columns.end) : a.end;
    for (rows.begin = a.begin; rows.begin < last; rows.begin = rows.end) {
      rows.end = std::min(last, rows.begin + kBlockRows);
      found->clear();
      routines.find_close(rows, columns, radius, is_upper, found);
      for (const CodePair& pair : *found) report(pair);
    }
  }
}

// Under the numbers of the lists, the smaller one first where both are of one list.
IdPair named(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b,
             const CodePair& pair) {
  const std::uint32_t first = a[pair.first], second = b[pair.second];
  const bool is_swapped = &a == &b && second < first;
  return is_swapped ? IdPair{second, first, pair.distance} : IdPair{first, second, pair.distance};
}

}  // namespace

// A list in the order of a slot's values.
struct SlotJoin::Sorted {
  CodePlanes planes;
  std::vector<std::uint32_t> ids;
  std::vector<std::size_t> begins;  // [value], and the end
  std::vector<const std::uint64_t*> words;

  Sorted(const CodeList& list, int slot, int num_threads)
      : planes(list.planes.num_words(), list.ids.size()) {
    const std::size_t size = list.ids.size();
    begins.assign(kNumValues + 1, 0);
    for (std::size_t i = 0; i < size; ++i) ++begins[list.planes.slot(i, slot) + 1];
    for (std::size_t value = 0; value < kNumValues; ++value) begins[value + 1] += begins[value];
    std::vector<std::size_t> next(begins.begin(), begins.end() - 1);
    ids.resize(size);
    std::vector<std::uint32_t> places(size);
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = next[list.planes.slot(i, slot)]++;
      places[i] = static_cast<std::uint32_t>(place);
      ids[place] = list.ids[i];
    }
    // The words behind the slot's come first: what two codes of a bucket share tells nothing.
    const int num_words = planes.num_words();
    for (int k = 1; k <= num_words; ++k) {
      words.push_back(planes.plane((slot / kSlotsPerWord + k) % num_words));
    }
    parallel_for(num_words, num_threads, [&](std::int64_t word, int) {
      const std::uint64_t* from = list.planes.plane(static_cast<int>(word));
      std::uint64_t* to = planes.plane(static_cast<int>(word));
      for (std::size_t i = 0; i < size; ++i) to[places[i]] = from[i];
    });
  }

  std::size_t count(std::uint32_t value) const { return begins[value + 1] - begins[value]; }
  CodeBlock block(std::uint32_t value) const {
    return {words.data(), planes.num_words(), begins[value], begins[value + 1]};
  }
  CodeList list(std::uint32_t value) const {
    CodeList taken;
    taken.planes.resize(planes.num_words(), count(value));
    for (int w = 0; w < planes.num_words(); ++w) {
      std::copy(planes.plane(w) + begins[value], planes.plane(w) + begins[value + 1],
                taken.planes.plane(w));
    }
    taken.ids.assign(ids.begin() + static_cast<std::ptrdiff_t>(begins[value]),
                     ids.begin() + static_cast<std::ptrdiff_t>(begins[value + 1]));
    return taken;
  }
};

// The slots by which two lists were chosen, in order.
struct SlotJoin::Path {
  std::array<int, 4 * 64> slots{};
  int size = 0;

  bool has(int slot) const {
    return std::find(slots.begin(), slots.begin() + size, slot) != slots.begin() + size;
  }
  Path with(int slot) const {
    Path longer = *this;
    longer.slots[static_cast<std::size_t>(longer.size++)] = slot;
    return longer;
  }
};

// The work of one thread at one place of the division.
class SlotJoin::Task {
 public:
  Task(const SlotJoin& join, PairCollector* pairs) : join_(join), pairs_(pairs) {}
  // Hands on what is left.
  void finish() { pairs_->add(&gathered_); }

  // Pairs of values `value` and `value ^ flip` of the last slot of `path`.
  void join_values(const Sorted& a, const Sorted* b, std::uint32_t value, std::uint32_t flip,
                   const Path& path) {
    const std::uint32_t other = value ^ flip;
    const bool is_same = b == nullptr && flip == 0;
    if (b == nullptr && other < value) return;
    const Sorted& second = b == nullptr ? a : *b;
    const std::size_t num_a = a.count(value), num_b = second.count(other);
    if (num_a == 0 || num_b == 0) return;
    const double cost = static_cast<double>(num_a) * static_cast<double>(num_b);
    if (cost > kDirectPairs && path.size < join_.num_slots_) {
      const CodeList list = a.list(value);
      if (is_same) return divide(list, nullptr, path);
      const CodeList other_list = second.list(other);
      return divide(list, &other_list, path);
    }
    find_close_tiled(join_.routines_, a.block(value), second.block(other), join_.radius_, is_same,
                     &found_, [&](const CodePair& pair) { report(a, second, pair, path); });
  }

 private:
  void divide(const CodeList& a, const CodeList* b, const Path& path) {
    const std::vector<std::uint32_t> flips = make_flips(join_.flips_of(path.size));
    for (int slot = 0; slot < join_.num_slots_; ++slot) {
      if (path.has(slot)) continue;
      const Path longer = path.with(slot);
      const Sorted sorted(a, slot, 1);
      const auto sorted_b = b != nullptr ? std::make_unique<Sorted>(*b, slot, 1) : nullptr;
      for (std::uint32_t value = 0; value < kNumValues; ++value) {
        if (sorted.count(value) == 0) continue;
        for (const std::uint32_t flip : flips) {
          join_values(sorted, sorted_b.get(), value, flip, longer);
        }
      }
    }
  }

  void report(const Sorted& a, const Sorted& b, const CodePair& pair, const Path& path) {
    if (!is_first(a, b, pair, path)) return;
    gathered_.push_back(named(a.ids, b.ids, pair));
    if (gathered_.size() >= kPairsAtOnce) pairs_->add(&gathered_);
  }

  // Whether no slot before each of the path could have led here as well.
  bool is_first(const Sorted& a, const Sorted& b, const CodePair& pair, const Path& path) const {
    Path before;
    for (int level = 0; level < path.size; ++level) {
      const int slot = path.slots[static_cast<std::size_t>(level)];
      for (int other = 0; other < slot; ++other) {
        if (before.has(other)) continue;
        const std::uint32_t difference =
            a.planes.slot(pair.first, other) ^ b.planes.slot(pair.second, other);
        if (count_bits(difference) <= join_.flips_of(level)) return false;
      }
      before = before.with(slot);
    }
    return true;
  }

  const SlotJoin& join_;
  PairCollector* const pairs_;
  std::vector<CodePair> found_;
  std::vector<IdPair> gathered_;
};

void SlotJoin::join(const CodeList& a, const CodeList* b, int slot, PairCollector* pairs) const {
  const Sorted sorted(a, slot, num_threads_);
  const auto sorted_b = b != nullptr ? std::make_unique<Sorted>(*b, slot, num_threads_) : nullptr;
  const Path path = Path().with(slot);
  const std::vector<std::uint32_t> flips = make_flips(flips_of(0));
  parallel_for(static_cast<std::int64_t>(kNumValues) / kValuesPerTask, num_threads_,
               [&](std::int64_t chunk, int) {
                 Task task(*this, pairs);
                 for (std::int64_t i = 0; i < kValuesPerTask; ++i) {
                   const auto value = static_cast<std::uint32_t>(chunk * kValuesPerTask + i);
                   if (sorted.count(value) == 0) continue;
                   for (const std::uint32_t flip : flips) {
                     task.join_values(sorted, sorted_b.get(), value, flip, path);
                   }
                 }
                 task.finish();
               });
}

double SlotJoin::cost(const CodeList& a, const CodeList* b) const {
  const std::vector<std::uint32_t> flips = make_flips(std::min(flips_of(0), 2));
  double sum = 0;
  std::vector<double> counts(kNumValues), counts_b(kNumValues);
  const auto count = [](const CodeList& list, int slot, std::vector<double>* into) {
    std::fill(into->begin(), into->end(), 0.0);
    for (std::size_t i = 0; i < list.ids.size(); ++i) (*into)[list.planes.slot(i, slot)] += 1.0;
  };
  // Blocks are small: each costs as much as so many comparisons, and sorting so many per code.
  constexpr double kPerBlock = 64, kPerCode = 256;
  for (int slot = 0; slot < num_slots_; ++slot) {
    count(a, slot, &counts);
    if (b != nullptr) count(*b, slot, &counts_b);
    const std::vector<double>& other = b != nullptr ? counts_b : counts;
    for (std::uint32_t value = 0; value < kNumValues; ++value) {
      if (counts[value] == 0) continue;
      for (const std::uint32_t flip : flips) {
        const double second = other[value ^ flip];
        if (second > 0) sum += kPerBlock + counts[value] * second;
      }
    }
    sum += kPerCode * static_cast<double>(a.ids.size() + (b != nullptr ? b->ids.size() : 0));
  }
  return sum;
}

void join_all(const HammingRoutines& routines, int radius, int num_threads, const CodeList& a,
              const CodeList* b, PairCollector* pairs) {
  const CodeList& second = b != nullptr ? *b : a;
  std::vector<const std::uint64_t*> words_a, words_b;
  for (int w = 0; w < a.planes.num_words(); ++w) {
    words_a.push_back(a.planes.plane(w));
    words_b.push_back(second.planes.plane(w));
  }
  const std::size_t size = a.ids.size(), size_b = second.ids.size();
  const int num_words = a.planes.num_words();
  const auto num_blocks = static_cast<std::int64_t>((size + kBlockCodes - 1) / kBlockCodes);
  parallel_for(num_blocks, num_threads, [&](std::int64_t index, int) {
    const std::size_t begin = static_cast<std::size_t>(index) * kBlockCodes;
    const CodeBlock rows = {words_a.data(), num_words, begin, std::min(size, begin + kBlockCodes)};
    const CodeBlock all = {words_b.data(), num_words, b == nullptr ? begin : 0, size_b};
    std::vector<CodePair> found;
    std::vector<IdPair> gathered;
    find_close_tiled(routines, rows, all, radius, b == nullptr, &found, [&](const CodePair& pair) {
      gathered.push_back(named(a.ids, second.ids, pair));
      if (gathered.size() >= kPairsAtOnce) pairs->add(&gathered);
    });
    pairs->add(&gathered);
  });
}

}  // namespace fastpass
