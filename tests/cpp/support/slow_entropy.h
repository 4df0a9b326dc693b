// Entropy-coded data written symbol by symbol, and read so: what decode_run() must agree with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "decode/entropy/entropy.h"
#include "decode/entropy/entropy_routines.h"

namespace fastpass_test {

using Bytes = std::vector<std::uint8_t>;

// Bits without byte stuffing.
class BitList {
 public:
  void put(std::uint32_t value, int num_bits) {
    for (int i = num_bits - 1; i >= 0; --i, ++num_bits_) {
      if (num_bits_ % 8 == 0) bytes_.push_back(0);
      const unsigned bit = value >> i & 1;
      bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | bit << (7 - num_bits_ % 8));
    }
  }
  const Bytes& bytes() const { return bytes_; }
  std::int64_t num_bits() const { return num_bits_; }

 private:
  Bytes bytes_;
  std::int64_t num_bits_ = 0;
};

struct Code {
  std::uint32_t bits = 0;
  int length = 0;
  int symbol = 0;
};

inline std::vector<Code> codes_of(const fastpass::HuffmanSpec& spec) {
  std::vector<Code> codes;
  std::uint32_t code = 0;
  for (int length = 1; length <= 16; ++length, code <<= 1) {
    for (int i = 0; i < spec.counts[static_cast<std::size_t>(length)]; ++i, ++code) {
      codes.push_back({code, length, spec.values[codes.size()]});
    }
  }
  return codes;
}

// A pair of tables: as the fast decoder, as the reference, and as the encoder want them.
struct Coding {
  Coding(const fastpass::HuffmanSpec& dc, const fastpass::HuffmanSpec& ac)
      : dc_codes(codes_of(dc)), ac_codes(codes_of(ac)) {
    fastpass::build_fast_tables(dc, ac, &tables);
  }
  void put_dc(int symbol, std::uint32_t value, BitList* bits) const {
    put(dc_codes, symbol, value, bits);
  }
  void put_ac(int symbol, std::uint32_t value, BitList* bits) const {
    put(ac_codes, symbol, value, bits);
  }
  static void put(const std::vector<Code>& codes, int symbol, std::uint32_t value, BitList* bits) {
    std::size_t i = 0;
    while (codes.at(i).symbol != symbol) ++i;
    bits->put(codes[i].bits, codes[i].length);
    bits->put(value, symbol & 15);
  }

  std::vector<Code> dc_codes, ac_codes;
  fastpass::FastTables tables;
};

// Random symbols of the trees; one that would leave the block is drawn again a few times.
inline void put_random_block(const Coding& coding, std::mt19937* random, BitList* bits) {
  const auto draw = [&](const std::vector<Code>& codes) {
    return codes[(*random)() % codes.size()];
  };
  const auto put = [&](const Code& code) {
    bits->put(code.bits, code.length);
    bits->put((*random)(), code.symbol & 15);
  };
  put(draw(coding.dc_codes));
  const unsigned end_odds = 1 + (*random)() % 64;  // how willingly an EOB is taken
  for (int k = 1; k < 64;) {
    Code code = draw(coding.ac_codes);
    for (int again = 0; again < 200; ++again) {
      const bool is_end = (code.symbol & 15) == 0 && code.symbol != 0xF0;
      const bool fits = is_end ? (*random)() % end_odds == 0 : k + (code.symbol >> 4) < 64;
      if (fits) break;
      code = draw(coding.ac_codes);
    }
    put(code);
    if ((code.symbol & 15) == 0 && code.symbol != 0xF0) return;
    k += (code.symbol >> 4) + 1;
  }
}

// What comes of the bits from `position` on, `num_bits` of which are there; those behind them are
// looked at as well, as the fast decoder does.
struct SlowBlock {
  fastpass::RunEnd end = fastpass::RunEnd::kDone;
  std::int64_t position = 0;  // behind the last symbol; kBadCode: where its code would begin
};

class SlowWalker {
 public:
  explicit SlowWalker(Bytes bytes) : bytes_(std::move(bytes)) {}

  SlowBlock walk(const fastpass::FastTables& tables, std::int64_t position) const {
    SlowBlock block{fastpass::RunEnd::kDone, position};
    if (read(tables.dc, &block) < 0) return block;
    for (int k = 1; k < 64; ++k) {
      const int symbol = read(tables.ac, &block);
      if (symbol < 0) return block;
      if ((symbol & 15) == 0 && symbol >> 4 != 15) return block;
      k += symbol >> 4;
      if (k > 63) {
        block.end = fastpass::RunEnd::kLongBlock;
        return block;
      }
    }
    return block;
  }

 private:
  // One code and the value behind it.
  int read(const fastpass::HuffmanTable& table, SlowBlock* block) const {
    int code = 0;
    for (int length = 1; length <= 16; ++length) {
      code = code << 1 | bit(block->position + length - 1);
      if (table.max_code[length] < 0 || code > table.max_code[length]) continue;
      const int symbol = table.values[code + table.value_offset[length]];
      block->position += length + (symbol & 15);
      return symbol;
    }
    block->end = fastpass::RunEnd::kBadCode;
    return -1;
  }
  int bit(std::int64_t position) const {
    return bytes_.at(static_cast<std::size_t>(position / 8)) >> (7 - position % 8) & 1;
  }

  Bytes bytes_;
};

inline Bytes stuffed(const Bytes& clean) {
  Bytes bytes;
  for (const std::uint8_t byte : clean) {
    bytes.push_back(byte);
    if (byte == 0xFF) bytes.push_back(0);
  }
  return bytes;
}

}  // namespace fastpass_test
