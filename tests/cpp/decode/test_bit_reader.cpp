// BitReader against bits that the test wrote itself.
#include <random>
#include <vector>

#include "decode/entropy/bit_reader.h"
#include "support/bit_writer.h"
#include "support/check.h"

namespace fastpass {
namespace {

using fastpass_test::BitWriter;
using Bytes = std::vector<std::uint8_t>;

BitReader reader_of(const Bytes& bytes) { return make_bit_reader(bytes.data(), bytes.size(), 0); }

int read_bits(BitReader& reader, int num_bits) {
  refill_for_symbol(reader);
  const int value = peek_bits(reader, num_bits);
  skip_bits(reader, num_bits);
  return value;
}

// Mostly FF bytes: stuffing everywhere.
void test_random_bits() {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    BitWriter writer;
    std::vector<std::pair<int, int>> written;  // value, bits
    for (int i = 0; i < 300; ++i) {
      const int num_bits = 1 + static_cast<int>(random() % 16);
      const int mask = (1 << num_bits) - 1;
      const int value = (round % 3 == 0 ? -1 : static_cast<int>(random())) & mask;
      writer.put(static_cast<std::uint32_t>(value), num_bits);
      written.emplace_back(value, num_bits);
    }
    writer.put_marker(0xD9);
    BitReader reader = reader_of(writer.bytes);
    for (const auto& [value, num_bits] : written) CHECK(read_bits(reader, num_bits) == value);
    CHECK(!reader.has_run_out && reader.damage == DamageKind::kNone);
    CHECK(reader.count < 8 || reader.marker == 0xD9);
  }
}

void test_single_bits() {
  const Bytes bytes = {0xA5, 0xFF, 0x00, 0x3C, 0xFF, 0xD9};
  BitReader reader = reader_of(bytes);
  const Bytes data = {0xA5, 0xFF, 0x3C};
  for (int i = 0; i < 24; ++i)
    CHECK(read_bit(reader) == (data[static_cast<std::size_t>(i / 8)] >> (7 - i % 8) & 1));
  CHECK(!reader.has_run_out);
}

void test_zeros_behind_a_marker() {
  const Bytes bytes = {0xFF, 0x00, 0xAB, 0xFF, 0xFF, 0xD4, 0x77, 0x77, 0x77, 0x77};
  BitReader reader = reader_of(bytes);
  CHECK(read_bits(reader, 12) == 0xFFA);
  CHECK(!reader.has_run_out && reader.damage == DamageKind::kNone);
  CHECK(read_bits(reader, 12) == 0xB00);
  CHECK(reader.has_run_out && reader.damage == DamageKind::kEndOfData);
  CHECK(reader.marker == 0xD4 && reader.damage_marker == 0xD4);
  CHECK(offset_of_rest(reader) == 4);
  for (int i = 0; i < 10; ++i) CHECK(read_bits(reader, 16) == 0);
}

void test_end_of_file() {
  for (const Bytes& bytes : {Bytes{0x12, 0x34}, Bytes{0x12, 0x34, 0xFF}, Bytes{}}) {
    BitReader reader = reader_of(bytes);
    const int value = read_bits(reader, 16);
    CHECK(value == (bytes.empty() ? 0 : 0x1234));
    CHECK(read_bits(reader, 16) == 0);
    CHECK(reader.damage == DamageKind::kEndOfFile && reader.damage_offset <= bytes.size());
    CHECK(reader.marker == 0xD9 && reader.has_run_out);
  }
}

void test_fill_in_data() {
  const Bytes bytes = {0x12, 0xFF, 0xFF, 0x00, 0x34, 0xFF, 0xD9};
  BitReader reader = reader_of(bytes);
  CHECK(read_bits(reader, 24) == 0x12FF34);
  CHECK(reader.damage == DamageKind::kFillInData && !reader.has_run_out);
}

void test_the_expected_restart() {
  const Bytes bytes = {0x12, 0x34, 0x56, 0xFF, 0xD3, 0xAB, 0xCD, 0xFF, 0xD9};
  BitReader reader = reader_of(bytes);
  CHECK(read_bits(reader, 4) == 1);
  read_restart(reader, 3);
  CHECK(reader.damage == DamageKind::kNone);
  CHECK(read_bits(reader, 16) == 0xABCD);
}

// Where reading goes on, for every marker: at the byte behind it, behind the next one, or nowhere.
void test_resynchronization() {
  constexpr int kExpected = 6;
  for (int marker = 1; marker < 0xFF; ++marker) {
    const Bytes bytes = {0xFF, static_cast<std::uint8_t>(marker), 0x11, 0xFF, 0xD6, 0x22, 0xFF,
                         0xD9};
    BitReader reader = reader_of(bytes);
    read_restart(reader, kExpected);
    CHECK((reader.damage == DamageKind::kLostRestart) == (marker != 0xD0 + kExpected));
    const bool is_restart = marker >= 0xD0 && marker <= 0xD7;
    const bool is_skipped = marker < 0xC0 || marker == 0xD5 || marker == 0xD4;
    const bool stays = !is_skipped && (!is_restart || marker == 0xD7 || marker == 0xD0);
    CHECK((reader.marker != 0) == stays);
    CHECK(read_bits(reader, 8) == (stays ? 0 : is_skipped ? 0x22 : 0x11));
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_random_bits();
  fastpass::test_single_bits();
  fastpass::test_zeros_behind_a_marker();
  fastpass::test_end_of_file();
  fastpass::test_fill_in_data();
  fastpass::test_the_expected_restart();
  fastpass::test_resynchronization();
  return RESULT();
}
