#include "decode/entropy/fast_tables.h"

#include <array>
#include <cstring>

#include "decode/syntax/block_group.h"

namespace fastpass {
namespace {

// The Huffman symbol that some bits begin with.
struct Symbol {
  std::uint8_t length = 0;  // of the code; 0: none of the index's bits or fewer
  std::uint8_t value = 0;
};

// [index]: the symbol whose code the index begins with.
template <int kIndexBits>
std::array<Symbol, 1 << kIndexBits> symbols_by_index(const HuffmanSpec& spec) {
  std::array<Symbol, 1 << kIndexBits> symbols;
  std::size_t at = 0;
  std::size_t next = 0;
  for (std::size_t length = 1; length <= kIndexBits; ++length) {
    const std::size_t count = std::size_t{1} << (kIndexBits - length);
    for (int i = 0; i < spec.counts[length]; ++i, ++next) {
      const Symbol symbol = {static_cast<std::uint8_t>(length), spec.values[next]};
      for (const std::size_t end = at + count; at < end; ++at) symbols[at] = symbol;
    }
  }
  return symbols;
}

// T.81, F.2.2.1: the lower half of the range of `size` bits stands for negative values.
int extend(int bits, int size) {
  return size == 0 || bits >> (size - 1) != 0 ? bits : bits - (1 << size) + 1;
}

struct Value {
  bool is_known = false;  // its sign lies inside the index
  int base = 0;
  int bits_behind = 0;  // that belong to it but lie behind the index
};

Value value_in(unsigned index, int index_bits, int code_length, int size) {
  const int inside = index_bits - code_length;
  const int behind = size > inside ? size - inside : 0;
  if (inside == 0 && size > 0) return {};
  const unsigned bits =
      (index << behind >> (size > inside ? 0 : inside - size)) & ((1u << size) - 1);
  return {true, extend(static_cast<int>(bits), size), behind};
}

void build_dc(const HuffmanSpec& spec, FastTables* tables) {
  const auto symbols = symbols_by_index<kDcIndexBits>(spec);
  for (unsigned i = 0; i < symbols.size(); ++i) {
    const int length = symbols[i].length;
    const int size = symbols[i].value;
    const bool is_short = length != 0 && size <= 11;
    const Value value = is_short ? value_in(i, kDcIndexBits, length, size) : Value();
    tables->dc_bits[i] = static_cast<std::uint8_t>(value.is_known ? length + size : 0);
    tables->dc_shift[i] = static_cast<std::uint8_t>(64 - kDcIndexBits - value.bits_behind);
    tables->dc_value[i] = static_cast<std::int16_t>(value.base);
  }
}

using AcSymbols = std::array<Symbol, 1 << kAcIndexBits>;

// What a second symbol adds to a look-up, if it fits into `left` bits.
struct Second {
  std::uint8_t bits = 0;
  std::uint8_t advance = 0;
  std::int8_t value = 0;
};

Second second_of(const AcSymbols& symbols, unsigned rest, int left) {
  const Symbol symbol = symbols[rest << (kAcIndexBits - left)];
  const int run = symbol.value >> 4;
  const int size = symbol.value & 15;
  const int behind = left - symbol.length - size;
  if (symbol.length == 0 || behind < 0) return {};
  const auto bits = static_cast<std::uint8_t>(symbol.length + size);
  if (size == 0 && run != 15) return {bits, kEndOfBlock, 0};
  const unsigned value = (rest >> behind) & ((1u << size) - 1);
  return {bits, static_cast<std::uint8_t>(run + 1),
          static_cast<std::int8_t>(extend(static_cast<int>(value), size))};
}

// [left]: for every value of that many bits.
struct Seconds {
  explicit Seconds(const AcSymbols& symbols) {
    for (int left = 1; left < kAcIndexBits; ++left) {
      for (unsigned rest = 0; rest < 1u << left; ++rest) {
        items[(1u << left) + rest] = second_of(symbols, rest, left);
      }
    }
  }
  const Second* of(int left) const { return items.data() + (std::size_t{1} << left); }

  std::array<Second, 1 << kAcIndexBits> items{};
};

// Fills the entries of one code and one value of the bits that lie inside the index.
class AcFiller {
 public:
  AcFiller(const Seconds& seconds, FastTables* tables) : seconds_(seconds), tables_(*tables) {}

  void fill(std::size_t begin, int count_bits, int bits, int run, int advance, int value,
            int bits_behind, bool may_have_second) {
    const Second none;
    const Second* second = may_have_second ? seconds_.of(count_bits) : &none;
    for (std::size_t i = begin; i < begin + (std::size_t{1} << count_bits); ++i) {
      tables_.bits[i] = static_cast<std::uint8_t>(bits + second->bits);
      tables_.advance[i] = static_cast<std::uint8_t>(advance + second->advance);
      tables_.run[i] = static_cast<std::uint8_t>(run);
      tables_.shift[i] = static_cast<std::uint8_t>(64 - kAcIndexBits - bits_behind);
      tables_.second[i] = second->value;
      tables_.value[i] = static_cast<std::int16_t>(value);
      if (may_have_second) ++second;
    }
  }

 private:
  const Seconds& seconds_;
  FastTables& tables_;
};

void fill_code(std::size_t begin, const Symbol& symbol, AcFiller* filler) {
  const int run = symbol.value >> 4;
  const int size = symbol.value & 15;
  const int bits = symbol.length + size;
  const int inside = kAcIndexBits - symbol.length;
  if (size == 0) {
    // The zero that is written goes to the end of the run of 16, or to the end of the block.
    const bool is_run = run == 15;
    filler->fill(begin, inside, bits, is_run ? 15 : 64, is_run ? 16 : kEndOfBlock, 0, 0, false);
    return;
  }
  if (bits > kMaxLookupBits || inside == 0) {
    filler->fill(begin, inside, 0, 0, kLongCode, 0, 0, false);
    return;
  }
  const int value_bits = size < inside ? size : inside;
  const int left = inside - value_bits;
  for (unsigned value = 0; value < 1u << value_bits; ++value) {
    const Value known = value_in(value << left, inside, 0, size);
    filler->fill(begin + (std::size_t{value} << left), left, bits, run, run + 1, known.base,
                 known.bits_behind, left > 0);
  }
}

void build_ac(const HuffmanSpec& spec, FastTables* tables) {
  const auto symbols = symbols_by_index<kAcIndexBits>(spec);
  const Seconds seconds(symbols);
  AcFiller filler(seconds, tables);
  std::size_t at = 0;
  while (at < symbols.size() && symbols[at].length != 0) {
    fill_code(at, symbols[at], &filler);
    at += std::size_t{1} << (kAcIndexBits - symbols[at].length);
  }
  for (; at < symbols.size(); ++at) filler.fill(at, 0, 0, 0, kLongCode, 0, 0, false);
}

}  // namespace

void build_fast_tables(const HuffmanSpec& dc, const HuffmanSpec& ac, FastTables* tables) {
  build_dc(dc, tables);
  build_ac(ac, tables);
  build_huffman_table(dc.counts.data(), dc.values.data(), &tables->dc);
  build_huffman_table(ac.counts.data(), ac.values.data(), &tables->ac);
  const ZigzagOffsets& zigzag = zigzag_offsets();
  std::memset(tables->zigzag, zigzag.offset[63], sizeof(tables->zigzag));
  std::memcpy(tables->zigzag, zigzag.offset, 64);
}

}  // namespace fastpass
