#include "decode/fast_tables.h"

#include <array>
#include <cstring>

#include "decode/block_group.h"

namespace fastpass {
namespace {

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

struct AcEntry {
  int bits = 0;
  int advance = kLongCode;
  int run = 0;
  int shift = 64 - kAcIndexBits;
  int second = 0;
  int value = 0;
};

void add_second(unsigned index, const Symbol& symbol, AcEntry* entry) {
  const int run = symbol.value >> 4;
  const int size = symbol.value & 15;
  const int left = kAcIndexBits - entry->bits - symbol.length;
  if (symbol.length == 0 || size > left) return;
  entry->bits += symbol.length + size;
  if (size == 0 && run != 15) {
    entry->advance += kEndOfBlock;
    return;
  }
  entry->advance += run + 1;
  const unsigned bits = (index >> (left - size)) & ((1u << size) - 1);
  entry->second = extend(static_cast<int>(bits), size);
}

AcEntry ac_entry(unsigned index, const std::array<Symbol, 1 << kAcIndexBits>& symbols) {
  AcEntry entry;
  const int length = symbols[index].length;
  const int run = symbols[index].value >> 4;
  const int size = symbols[index].value & 15;
  const Value value = value_in(index, kAcIndexBits, length, size);
  if (length == 0 || length + size > kMaxLookupBits || !value.is_known) return entry;
  entry.bits = length + size;
  if (size == 0) {
    // The zero that is written goes to the end of the run of 16, or to the end of the block.
    entry.run = run == 15 ? 15 : 64;
    entry.advance = run == 15 ? 16 : kEndOfBlock;
    return entry;
  }
  entry.run = run;
  entry.advance = run + 1;
  entry.value = value.base;
  entry.shift -= value.bits_behind;
  if (entry.bits < kAcIndexBits) {
    const unsigned rest = index << entry.bits & ((1u << kAcIndexBits) - 1);
    add_second(index, symbols[rest], &entry);
  }
  return entry;
}

void build_ac(const HuffmanSpec& spec, FastTables* tables) {
  const auto symbols = symbols_by_index<kAcIndexBits>(spec);
  for (unsigned i = 0; i < symbols.size(); ++i) {
    const AcEntry entry = ac_entry(i, symbols);
    tables->bits[i] = static_cast<std::uint8_t>(entry.bits);
    tables->advance[i] = static_cast<std::uint8_t>(entry.advance);
    tables->run[i] = static_cast<std::uint8_t>(entry.run);
    tables->shift[i] = static_cast<std::uint8_t>(entry.shift);
    tables->second[i] = static_cast<std::int8_t>(entry.second);
    tables->value[i] = static_cast<std::int16_t>(entry.value);
  }
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
