// Every look-up against decoding the same bits symbol by symbol with huffman.h.
#include <memory>
#include <random>
#include <vector>

#include "decode/entropy/fast_tables.h"
#include "decode/syntax/block_group.h"
#include "support/check.h"
#include "support/random_huffman.h"

namespace fastpass {
namespace {

using fastpass_test::random_spec;
using fastpass_test::spec_of;

// The next symbol of a stream and its value, read the slow way.
struct Symbol {
  bool is_code = false;
  int code_bits = 0;
  int size = 0;
  int run = 0;
  int value = 0;

  int bits() const { return code_bits + size; }
  bool is_end() const { return size == 0 && run != 15; }
  // From one zigzag position to behind this symbol's coefficient.
  int advance() const { return is_end() ? kEndOfBlock : run + 1; }
};

Symbol read_symbol(std::uint64_t word, const HuffmanTable& table) {
  BitReader reader;
  reader.bits = word;
  reader.count = 64;
  Symbol symbol;
  const int byte = decode_symbol(reader, table);
  symbol.is_code = reader.damage == DamageKind::kNone;
  symbol.code_bits = 64 - reader.count;
  symbol.run = byte >> 4;
  symbol.size = byte & 15;
  symbol.value = symbol.size == 0 ? 0 : read_value(reader, symbol.size);
  return symbol;
}

// The first coefficient's value as Note [Fast look-ups] says.
template <int kIndexBits>
int value_of(std::uint64_t word, int base, int shift) {
  return static_cast<int>(word << kIndexBits >> kIndexBits >> shift) + base;
}

struct Seen {
  int short_codes = 0, long_codes = 0, pairs = 0, ends = 0, runs = 0;
};

void check_first(const FastTables& tables, std::uint64_t word, const Symbol& first) {
  const std::size_t index = word >> (64 - kAcIndexBits);
  CHECK(value_of<kAcIndexBits>(word, tables.value[index], tables.shift[index]) == first.value);
  // A zero is written where no coefficient can be yet: at the end of a run, or of the block.
  CHECK(tables.run[index] == (first.is_end() ? 64 : first.run));
}

void check_ac_index(const FastTables& tables, std::uint64_t word, Seen* seen) {
  const std::size_t index = word >> (64 - kAcIndexBits);
  const Symbol first = read_symbol(word, tables.ac);
  const int bits = tables.bits[index], advance = tables.advance[index];
  if (advance == kLongCode) {
    // It is not told where it could be, only if some bit of it lies outside.
    CHECK(bits == 0 && tables.run[index] == 0 && tables.second[index] == 0);
    CHECK(value_of<kAcIndexBits>(word, tables.value[index], tables.shift[index]) == 0);
    CHECK(!first.is_code || first.code_bits >= kAcIndexBits || first.bits() > kMaxLookupBits);
    ++seen->long_codes;
    return;
  }
  CHECK(first.is_code && bits <= kMaxLookupBits && bits > 0);
  check_first(tables, word, first);
  ++seen->short_codes;
  seen->ends += first.is_end();
  seen->runs += first.size == 0 && first.run == 15;
  if (bits == first.bits()) {
    CHECK(advance == first.advance() && tables.second[index] == 0);
    return;
  }
  // Two symbols, both inside the index.
  const Symbol second = read_symbol(word << first.bits(), tables.ac);
  CHECK(second.is_code && first.size != 0);
  CHECK(bits == first.bits() + second.bits() && bits <= kAcIndexBits);
  CHECK(advance == first.advance() + second.advance());
  CHECK(tables.second[index] == second.value);
  ++seen->pairs;
}

// What fits is told: a second symbol is left out only where it does not fit.
void check_nothing_is_left_out(const FastTables& tables, std::uint64_t word) {
  const std::size_t index = word >> (64 - kAcIndexBits);
  const Symbol first = read_symbol(word, tables.ac);
  if (tables.advance[index] == kLongCode || first.size == 0) return;
  if (tables.bits[index] != first.bits() || first.bits() >= kAcIndexBits) return;
  const Symbol second = read_symbol(word << first.bits(), tables.ac);
  CHECK(!second.is_code || first.bits() + second.bits() > kAcIndexBits);
}

void check_dc_index(const FastTables& tables, std::uint64_t word) {
  const std::size_t index = word >> (64 - kDcIndexBits);
  const Symbol symbol = read_symbol(word, tables.dc);
  if (tables.dc_bits[index] == 0) {
    CHECK(!symbol.is_code || symbol.code_bits >= kDcIndexBits || symbol.size > 11);
    return;
  }
  CHECK(symbol.is_code && tables.dc_bits[index] == symbol.bits());
  CHECK(tables.dc_bits[index] <= 20);  // 36 bits are left for two look-ups
  CHECK(value_of<kDcIndexBits>(word, tables.dc_value[index], tables.dc_shift[index]) ==
        symbol.value);
}

// Random bits behind the index; all zeros and all ones too.
std::uint64_t word_of(std::uint64_t index, int index_bits, std::uint64_t rest) {
  return index << (64 - index_bits) | rest >> index_bits;
}

Seen check_tables(const HuffmanSpec& dc, const HuffmanSpec& ac, std::mt19937_64* random) {
  auto tables = std::make_unique<FastTables>();
  build_fast_tables(dc, ac, tables.get());
  Seen seen;
  for (const std::uint64_t rest : {std::uint64_t{0}, ~std::uint64_t{0}, (*random)(), (*random)()}) {
    for (std::uint64_t index = 0; index < 1 << kAcIndexBits; ++index) {
      check_ac_index(*tables, word_of(index, kAcIndexBits, rest), &seen);
      check_nothing_is_left_out(*tables, word_of(index, kAcIndexBits, rest));
    }
    for (std::uint64_t index = 0; index < 1 << kDcIndexBits; ++index) {
      check_dc_index(*tables, word_of(index, kDcIndexBits, rest));
    }
  }
  return seen;
}

void test_standard_tables() {
  std::mt19937_64 random(1);
  const fastpass_test::StandardSpecs specs = fastpass_test::standard_specs();
  for (std::size_t i = 0; i < 2; ++i) {
    const Seen seen = check_tables(specs.dc[i], specs.ac[i], &random);
    CHECK(seen.pairs > 4 * 400);  // the point of it all
    CHECK(seen.ends > 0 && seen.long_codes > 0 && seen.long_codes < 4 * 128);
  }
}

void test_random_tables() {
  std::mt19937 random(2);
  std::mt19937_64 bits(3);
  Seen sum;
  for (int round = 0; round < 120; ++round) {
    const int shortest = 1 + round % 16;
    const bool is_complete = round % 3 == 0;
    const Seen seen = check_tables(
        random_spec(&random, shortest, is_complete, fastpass_test::random_dc_symbol),
        random_spec(&random, shortest, is_complete, fastpass_test::random_ac_symbol), &bits);
    sum.pairs += seen.pairs;
    sum.long_codes += seen.long_codes;
    sum.runs += seen.runs;
  }
  CHECK(sum.pairs > 1000 && sum.long_codes > 1000 && sum.runs > 1000);
}

// Few codes, all of one length, or none at all: what a hostile file may declare.
void test_odd_trees() {
  std::mt19937_64 bits(4);
  const std::vector<HuffmanSpec> dc = {
      {},
      spec_of({1}, {0}),
      spec_of({1, 1}, {11, 3}),
      spec_of({16}, {15}),
      spec_of({1, 2, 3, 4, 5, 6, 7, 8, 9}, {15, 14, 13, 12, 11, 10, 9, 1, 0}),
      spec_of({8, 9, 9, 10}, {11, 0, 11, 0})};
  const std::vector<HuffmanSpec> ac = {
      {},
      spec_of({1}, {0x00}),
      spec_of({1, 1}, {0xF0, 0x01}),
      spec_of({16}, {0xFF}),
      spec_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {0x0F, 0xFE, 1, 0, 0xF0, 0x10, 0xF1, 0xA, 0x8, 9}),
      spec_of({1, 1}, {0x00, 0x00}),
      spec_of({3, 9, 10, 10, 11, 11}, {0xF, 9, 8, 0, 0, 0xF0})};
  for (const HuffmanSpec& dc_spec : dc) {
    for (const HuffmanSpec& ac_spec : ac) check_tables(dc_spec, ac_spec, &bits);
  }
}

void test_zigzag() {
  FastTables tables;
  build_fast_tables({}, {}, &tables);
  for (int i = 0; i < 256; ++i) {
    CHECK(tables.zigzag[i] == zigzag_offsets().offset[i < 63 ? i : 63]);
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_standard_tables();
  fastpass::test_random_tables();
  fastpass::test_odd_trees();
  fastpass::test_zigzag();
  return RESULT();
}
