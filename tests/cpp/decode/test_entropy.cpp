// Blocks written bit by bit after T.81 (F.1.2 and G.1.2), and read back.
#include <array>
#include <random>

#include "decode/entropy/entropy.h"
#include "decode/syntax/block_group.h"
#include "support/bit_writer.h"
#include "support/check.h"

namespace fastpass {
namespace {

using fastpass_test::BitWriter;

// Every symbol 0..254 has its own eight bits; FF stays free.
struct ByteTable : HuffmanTable {
  ByteTable() {
    std::uint8_t counts[17] = {}, values[256] = {};
    counts[8] = 255;
    for (int i = 0; i < 255; ++i) values[i] = static_cast<std::uint8_t>(i);
    build_huffman_table(counts, values, this);
  }
};

const ByteTable table;

using Block = std::array<int, 64>;  // by zigzag position

struct Group {
  std::int16_t coefficients[kGroupCoefficients] = {};
  Block read(int block) const {
    Block result;
    for (std::size_t k = 0; k < 64; ++k) {
      result[k] = coefficients[block * 8 + zigzag_offsets().offset[k]];
    }
    return result;
  }
  std::int16_t* block(int index) { return coefficients + index * 8; }
};

int size_of(int value) {
  int size = 0;
  for (int rest = value < 0 ? -value : value; rest != 0; rest >>= 1) ++size;
  return size;
}

void put_value(BitWriter* writer, int value) {
  const int size = size_of(value);
  writer->put(static_cast<std::uint32_t>(value < 0 ? value + (1 << size) - 1 : value), size);
}

void put_band(BitWriter* writer, const Block& block, int begin, int end) {
  int run = 0;
  for (int k = begin; k <= end; ++k) {
    const int value = block[static_cast<std::size_t>(k)];
    if (value == 0) {
      ++run;
      continue;
    }
    for (; run > 15; run -= 16) writer->put(0xF0, 8);
    writer->put(static_cast<std::uint32_t>(run << 4 | size_of(value)), 8);
    put_value(writer, value);
    run = 0;
  }
  if (run != 0) writer->put(0, 8);
}

Block random_block(std::mt19937* random, unsigned int density) {
  Block block = {};
  for (int& value : block) {
    if ((*random)() % 16 < density) value = static_cast<int>((*random)() % 4000) - 2000;
  }
  return block;
}

BitReader reader_of(BitWriter* writer) {
  writer->put_marker(0xD9);
  return make_bit_reader(writer->bytes.data(), writer->bytes.size(), 0);
}

void test_sequential() {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    BitWriter writer;
    std::array<Block, 4> blocks;
    int last = 0;
    for (Block& block : blocks) {
      block = random_block(&random, static_cast<unsigned int>(round % 17));
      writer.put(static_cast<std::uint32_t>(size_of(block[0] - last)), 8);
      put_value(&writer, block[0] - last);
      put_band(&writer, block, 1, 63);
      last = block[0];
    }
    BitReader reader = reader_of(&writer);
    Group group;
    std::int32_t predictor = 0;
    for (int i = 0; i < 4; ++i) {
      decode_sequential_block(reader, table, table, &predictor, zigzag_offsets().offset,
                              group.block(i));
    }
    for (int i = 0; i < 4; ++i) CHECK(group.read(i) == blocks[static_cast<std::size_t>(i)]);
    CHECK(reader.damage == DamageKind::kNone && !reader.has_run_out);
  }
}

void test_a_run_that_leaves_the_block() {
  BitWriter writer;
  writer.put(0, 8);
  for (int i = 0; i < 3; ++i) writer.put(0xF0, 8);  // up to position 48
  writer.put(0xF3, 8);                              // position 64
  put_value(&writer, 5);
  BitReader reader = reader_of(&writer);
  Group group;
  std::int32_t predictor = 0;
  decode_sequential_block(reader, table, table, &predictor, zigzag_offsets().offset,
                          group.block(2));
  Block wanted = {};
  wanted[63] = 5;
  CHECK(group.read(2) == wanted);
  CHECK(group.read(0) == Block{} && group.read(1) == Block{} && group.read(3) == Block{});
}

void test_dc_scans() {
  BitWriter writer;
  writer.put(3, 8);
  put_value(&writer, -5);
  writer.put(0, 8);
  for (const unsigned int bit : {1u, 0u}) writer.put(bit, 1);
  BitReader reader = reader_of(&writer);
  std::int16_t blocks[2] = {};
  std::int32_t predictor = 0;
  for (std::int16_t& block : blocks) CHECK(decode_dc_first(reader, table, 2, &predictor, &block));
  CHECK(blocks[0] == -20 && blocks[1] == -20);
  for (std::int16_t& block : blocks) decode_dc_refine(reader, 1, &block);
  CHECK(blocks[0] == -18 && blocks[1] == -20);
}

void test_dc_overflow() {
  BitWriter writer;
  writer.put(15, 8);
  put_value(&writer, 0x7FFF);
  BitReader reader = reader_of(&writer);
  std::int32_t predictor = 0x7FFFFFF0;
  std::int16_t block = 0;
  CHECK(!decode_dc_first(reader, table, 0, &predictor, &block));
}

// A band in its first scan, in point-transformed steps, with an end-of-band run over three blocks.
void test_ac_first() {
  std::mt19937 random(2);
  Block first = random_block(&random, 5);
  first[5] = 1;
  first[20] = -3;
  BitWriter writer;
  put_band(&writer, first, 5, 20);
  writer.put(0x10, 8);  // EOB1: two or three blocks
  writer.put(1, 1);
  const Block last = random_block(&random, 16);
  put_band(&writer, last, 5, 20);
  BitReader reader = reader_of(&writer);
  Group groups[2];
  std::int32_t run = 0;
  const Band band = {5, 20, 3};
  for (int i = 0; i < 5; ++i) {
    decode_ac_first(reader, table, band, &run, zigzag_offsets().offset, groups[i / 4].block(i % 4));
  }
  for (std::size_t k = 0; k < 64; ++k) {
    const bool is_in = k >= 5 && k <= 20;
    CHECK(groups[0].read(0)[k] == (is_in ? first[k] * 8 : 0));
    CHECK(groups[1].read(0)[k] == (is_in ? last[k] * 8 : 0));
  }
  for (int i = 1; i < 4; ++i) CHECK(groups[0].read(i) == Block{});
  CHECK(reader.damage == DamageKind::kNone && run == 0);
}

// Known: +4 at 3, -4 at 6. Bit 1 adds to both, with a new -2 at 5 and +2 at 12 past one zero run.
void test_ac_refine() {
  Group group;
  const std::uint8_t* offsets = zigzag_offsets().offset;
  group.block(1)[offsets[3]] = 4;
  group.block(1)[offsets[6]] = -4;
  group.block(2)[offsets[9]] = -4;
  BitWriter writer;
  writer.put(0x31, 8);  // three zeros (1, 2, 4), then a new coefficient at 5
  writer.put(0, 1);     // it is negative
  writer.put(1, 1);     // 3 is refined on the way
  writer.put(0x51, 8);  // five zeros (7..11), then 12
  writer.put(1, 1);
  writer.put(1, 1);     // 6 is refined
  writer.put(0x10, 8);  // the band ends here and in the next block
  writer.put(0, 1);
  writer.put(1, 1);  // 9 of the next block
  BitReader reader = reader_of(&writer);
  std::int32_t run = 0;
  const Band band = {1, 63, 1};
  for (const int i : {1, 2}) {
    decode_ac_refine(reader, table, band, &run, offsets, group.block(i));
  }
  Block first = {}, second = {};
  first[3] = 6;
  first[5] = -2;
  first[6] = -6;
  first[12] = 2;
  second[9] = -6;
  CHECK(group.read(1) == first && group.read(2) == second);
  CHECK(run == 0 && reader.damage == DamageKind::kNone && !reader.has_run_out);
}

void test_refinement_happens_once_and_has_one_bit() {
  Group group;
  const std::uint8_t* offsets = zigzag_offsets().offset;
  group.block(0)[offsets[1]] = 3;  // bit 0 is there already
  BitWriter writer;
  writer.put(0x03, 8);  // a new coefficient of three bits: one is read
  writer.put(1, 1);
  writer.put(1, 1);  // position 1 is left as it is
  BitReader reader = reader_of(&writer);
  std::int32_t run = 0;
  decode_ac_refine(reader, table, {1, 2, 0}, &run, offsets, group.block(0));
  Block wanted = {};
  wanted[1] = 3;
  wanted[2] = 1;
  CHECK(group.read(0) == wanted);
  CHECK(reader.damage == DamageKind::kBadCode);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_sequential();
  fastpass::test_a_run_that_leaves_the_block();
  fastpass::test_dc_scans();
  fastpass::test_dc_overflow();
  fastpass::test_ac_first();
  fastpass::test_ac_refine();
  fastpass::test_refinement_happens_once_and_has_one_bit();
  return RESULT();
}
