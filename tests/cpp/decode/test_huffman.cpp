// Huffman decoding against codes assigned as T.81's figure C.2 does it.
#include <random>
#include <vector>

#include "decode/entropy/huffman.h"
#include "support/bit_writer.h"
#include "support/check.h"

namespace fastpass {
namespace {

using fastpass_test::BitWriter;

struct Code {
  std::uint32_t bits;
  int length;
  int symbol;
};

struct Tree {
  std::uint8_t counts[17] = {};
  std::uint8_t values[256] = {};
  std::vector<Code> codes;
  HuffmanTable table;
};

// A random tree; always room for longer codes, so that all ones is none.
void make_tree(std::mt19937* random, Tree* tree) {
  std::uint32_t code = 0;
  for (int length = 1; length <= 16; ++length) {
    code *= 2;
    const std::uint32_t room = (1u << length) - 1 - code;
    std::uint32_t wanted = length < 4 ? (*random)() % 2 : (*random)() % 24;
    if (wanted > room) wanted = room;
    for (std::uint32_t i = 0; i < wanted && tree->codes.size() < 256; ++i) {
      const int symbol = static_cast<int>((*random)() % 256);
      tree->values[tree->codes.size()] = static_cast<std::uint8_t>(symbol);
      tree->codes.push_back({code++, length, symbol});
      ++tree->counts[length];
    }
  }
  build_huffman_table(tree->counts, tree->values, &tree->table);
}

void test_random_trees() {
  std::mt19937 random(9);
  for (int round = 0; round < 200; ++round) {
    Tree tree;
    make_tree(&random, &tree);
    BitWriter writer;
    std::vector<int> symbols;
    for (int i = 0; i < 500; ++i) {
      const Code& code = tree.codes[random() % tree.codes.size()];
      writer.put(code.bits, code.length);
      symbols.push_back(code.symbol);
    }
    writer.put_marker(0xD9);
    BitReader reader = make_bit_reader(writer.bytes.data(), writer.bytes.size(), 0);
    for (const int symbol : symbols) {
      refill_for_symbol(reader);
      CHECK(decode_symbol(reader, tree.table) == symbol);
    }
    CHECK(reader.damage == DamageKind::kNone);
  }
}

// All ones is no code: 17 bits are gone, and the symbol is 0.
void test_bad_codes() {
  std::mt19937 random(10);
  for (int round = 0; round < 50; ++round) {
    Tree tree;
    make_tree(&random, &tree);
    BitWriter writer;
    writer.put(0x1FFFF, 17);
    writer.put(tree.codes.back().bits, tree.codes.back().length);
    writer.put_marker(0xD9);
    BitReader reader = make_bit_reader(writer.bytes.data(), writer.bytes.size(), 0);
    refill_for_symbol(reader);
    CHECK(decode_symbol(reader, tree.table) == 0);
    CHECK(reader.damage == DamageKind::kBadCode);
    refill_for_symbol(reader);
    CHECK(decode_symbol(reader, tree.table) == tree.codes.back().symbol);
  }
  const std::uint8_t nothing[256] = {};
  HuffmanTable table;
  build_huffman_table(nothing, nothing, &table);
  const std::uint8_t bytes[8] = {};
  BitReader reader = make_bit_reader(bytes, sizeof(bytes), 0);
  refill(reader);
  CHECK(decode_symbol(reader, table) == 0 && reader.damage == DamageKind::kBadCode);
}

// T.81, table F.1: size s holds -(2^s - 1)..-2^(s-1) and 2^(s-1)..2^s - 1, in this order.
void test_values() {
  for (int size = 1; size <= 15; ++size) {
    const int half = 1 << (size - 1);
    for (int code = 0; code < 1 << size; code += size > 10 ? 37 : 1) {
      BitWriter writer;
      writer.put(static_cast<std::uint32_t>(code), size);
      writer.put_marker(0xD9);
      BitReader reader = make_bit_reader(writer.bytes.data(), writer.bytes.size(), 0);
      refill(reader);
      CHECK(read_value(reader, size) == (code < half ? code - 2 * half + 1 : code));
    }
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_random_trees();
  fastpass::test_bad_codes();
  fastpass::test_values();
  return RESULT();
}
