// The body of entropy_routines_*.cpp: compiled once per instruction set, hence all in an anonymous
// namespace, and no inline function of other headers is called.
//
// Note [Order of loads and stores]. Loops are arranged so that a look-up waits for nothing but the
// look-up before it: index, load of `bits`, shift, about six cycles. Everything else of a look-up
// hangs on that chain without being part of it.
#include <cstring>

#include "decode/entropy/entropy_routines.h"

namespace fastpass {
namespace {

#define FASTPASS_ALWAYS_INLINE inline __attribute__((always_inline))

FASTPASS_ALWAYS_INLINE std::uint64_t load_big_endian(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return __builtin_bswap64(word);
}

FASTPASS_ALWAYS_INLINE std::uint64_t low_bits(std::uint64_t word, int count) {
  return word & ((std::uint64_t{1} << count) - 1);
}

// BitCursor, as the loop holds it in registers.
struct Reader {
  std::uint64_t bits;
  std::uint64_t count;
  const std::uint8_t* next;

  // At least 56 bits afterwards. The bits below the counted ones are right already, so that they
  // may be put there again.
  FASTPASS_ALWAYS_INLINE void refill() {
    bits |= load_big_endian(next) >> count;
    next += (count ^ 63) >> 3;
    count |= 56;
  }
  FASTPASS_ALWAYS_INLINE void skip(std::uint64_t num_bits) {
    bits <<= num_bits;
    count -= num_bits;
  }
};

// A code of any length; -1: none. Wants 16 bits.
int decode_any_symbol(Reader* reader, const HuffmanTable& table) {
  const std::uint16_t entry = table.lookup[reader->bits >> (64 - kLookupBits)];
  if (entry != 0) {
    reader->skip(entry >> 8);
    return entry & 255;
  }
  const auto window = static_cast<std::int32_t>(reader->bits >> 48);
  for (int length = kLookupBits + 1; length <= kMaxCodeBits; ++length) {
    const int code = window >> (kMaxCodeBits - length);
    if (code > table.max_code[length]) continue;
    reader->skip(static_cast<std::uint64_t>(length));
    return table.values[(code + table.value_offset[length]) & 255];
  }
  return -1;
}

int read_bits_extended(Reader* reader, int size) {
  if (size == 0) return 0;
  const auto bits = static_cast<std::int32_t>(reader->bits >> (64 - size));
  reader->skip(static_cast<std::uint64_t>(size));
  return bits >> (size - 1) != 0 ? bits : bits - (1 << size) + 1;
}

// What the rare ends of a look-up need, kept out of the loop.
struct BlockState {
  Reader reader;
  std::uint64_t window;  // the bits before the last look-up
  std::size_t k;         // zigzag position after it
};

// What a look-up that may have ended its block turned out to be.
enum class BlockEnd : std::uint8_t { kGoesOn, kDone, kBadCode, kLongBlock };

// A symbol that the look-up could not tell; where it should be, that one left a zero.
BlockEnd decode_long(const FastTables& tables, std::size_t k, std::int16_t* block,
                     BlockState* state) {
  state->reader.refill();
  const int symbol = decode_any_symbol(&state->reader, tables.ac);
  if (symbol < 0) return BlockEnd::kBadCode;
  const std::size_t run = static_cast<std::size_t>(symbol) >> 4;
  const int size = symbol & 15;
  if (size == 0 && run != 15) return BlockEnd::kDone;
  k += run;
  if (size != 0) {
    if (k > 63) return BlockEnd::kLongBlock;
    state->reader.refill();
    const int value = read_bits_extended(&state->reader, size);
    if (block != nullptr) block[tables.zigzag[k]] = static_cast<std::int16_t>(value);
  }
  state->k = k + 1;
  if (state->k > 64) return BlockEnd::kLongBlock;
  return state->k == 64 ? BlockEnd::kDone : BlockEnd::kGoesOn;
}

// `block`: nullptr where coefficients are not stored.
__attribute__((noinline)) BlockEnd end_of_lookup(const FastTables& tables, std::int16_t* block,
                                                 BlockState* state) {
  const std::size_t index = state->window >> (64 - kAcIndexBits);
  const std::size_t before = state->k - tables.advance[index];
  if (state->k >= kLongCode) return decode_long(tables, before, block, state);
  if (before + tables.run[index] != 63) return BlockEnd::kLongBlock;
  // The first coefficient was the block's last: what followed it belongs to the next block.
  Reader again = {state->window, 0, nullptr};
  const int symbol = decode_any_symbol(&again, tables.ac);
  const std::uint64_t used = std::uint64_t{0} - again.count + static_cast<unsigned>(symbol & 15);
  state->reader.count += tables.bits[index] - used;
  state->reader.bits = state->window << used;
  return BlockEnd::kDone;
}

// A block while its AC coefficients are decoded.
struct Block {
  const FastTables& tables;
  std::int16_t* __restrict out;
  std::size_t k = 1;
  std::uint64_t window = 0;

  // True where the block may have ended.
  template <bool kStores>
  FASTPASS_ALWAYS_INLINE bool look_up(Reader* reader) {
    const std::size_t index = reader->bits >> (64 - kAcIndexBits);
    window = reader->bits;
    reader->skip(tables.bits[index]);
    if (kStores) {
      const int value =
          static_cast<int>(low_bits(window, 64 - kAcIndexBits) >> tables.shift[index]) +
          tables.value[index];
      const std::size_t first = tables.zigzag[k + tables.run[index]];
      k += tables.advance[index];
      const std::size_t second = tables.zigzag[k - 1];
      out[second] = tables.second[index];
      out[first] = static_cast<std::int16_t>(value);
    } else {
      k += tables.advance[index];
    }
    return k >= 64;
  }
};

template <bool kStores>
FASTPASS_ALWAYS_INLINE BlockEnd end_of(Block* block, Reader* reader) {
  if (__builtin_expect(block->k - kEndOfBlock - 1 <= 62 || block->k == 64, 1)) {
    return BlockEnd::kDone;
  }
  BlockState state = {*reader, block->window, block->k};
  const BlockEnd end = end_of_lookup(block->tables, kStores ? block->out : nullptr, &state);
  *reader = state.reader;
  block->k = state.k;
  return end;
}

// Wants nothing loaded, leaves at least 36 bits.
FASTPASS_ALWAYS_INLINE bool decode_dc(Reader* reader, const FastTables& tables,
                                      std::int32_t* predictor) {
  reader->refill();
  const std::size_t index = reader->bits >> (64 - kDcIndexBits);
  const std::uint64_t bits = tables.dc_bits[index];
  int difference;
  if (__builtin_expect(bits != 0, 1)) {
    difference =
        static_cast<int>(low_bits(reader->bits, 64 - kDcIndexBits) >> tables.dc_shift[index]) +
        tables.dc_value[index];
    reader->skip(bits);
  } else {
    Reader copy = *reader;
    const int size = decode_any_symbol(&copy, tables.dc);
    if (size < 0) return false;
    difference = read_bits_extended(&copy, size);
    copy.refill();
    *reader = copy;
  }
  // Unsigned: damaged data may wrap round.
  *predictor = static_cast<std::int32_t>(static_cast<std::uint32_t>(*predictor) +
                                         static_cast<std::uint32_t>(difference));
  return true;
}

template <bool kStores>
FASTPASS_ALWAYS_INLINE BlockEnd decode_block(Reader* reader, const FastTables& tables,
                                             std::int32_t* predictor, std::int16_t* out) {
  if (!decode_dc(reader, tables, predictor)) return BlockEnd::kBadCode;
  out[0] = static_cast<std::int16_t>(*predictor);
  Block block = {tables, out};
  BlockEnd end = BlockEnd::kGoesOn;
  if (block.look_up<kStores>(reader) || block.look_up<kStores>(reader))
    end = end_of<kStores>(&block, reader);
  while (end == BlockEnd::kGoesOn) {
    reader->refill();
    if (block.look_up<kStores>(reader) || block.look_up<kStores>(reader) ||
        block.look_up<kStores>(reader)) {
      end = end_of<kStores>(&block, reader);
    }
  }
  return end;
}

RunEnd run_end_of(BlockEnd end) {
  return end == BlockEnd::kBadCode ? RunEnd::kBadCode : RunEnd::kLongBlock;
}

RunEnd decode_run(McuRun* run) {
  Reader reader = {run->cursor.bits, run->cursor.count, run->cursor.next};
  const std::uint8_t* limit = run->end + sizeof(reader.bits);
  const std::int32_t* offsets = run->offsets;
  RunEnd result = RunEnd::kDone;
  for (int mcu = 0; mcu < run->num_mcus && result == RunEnd::kDone; ++mcu) {
    for (int i = 0; i < run->num_blocks; ++i) {
      const BlockOfMcu& block = run->blocks[i];
      std::int32_t* predictor = &run->dc[block.component];
      std::int16_t* out = run->coefficients + offsets[i];
      const BlockEnd end = block.wants_ac
                               ? decode_block<true>(&reader, *block.tables, predictor, out)
                               : decode_block<false>(&reader, *block.tables, predictor, out);
      if (__builtin_expect(end != BlockEnd::kDone || reader.next > limit, 0)) {
        result = end == BlockEnd::kDone ? RunEnd::kOutOfData : run_end_of(end);
        break;
      }
    }
    offsets += run->offsets_per_mcu;
  }
  run->cursor = {reader.bits, reader.count, reader.next};
  // A bad code was not skipped; bits behind the end may be what is bad about it.
  const std::int64_t bits_seen = 8 * (reader.next - run->end) -
                                 static_cast<std::int64_t>(reader.count) +
                                 (result == RunEnd::kBadCode ? kMaxCodeBits : 0);
  return bits_seen > 0 ? RunEnd::kOutOfData : result;
}

}  // namespace
}  // namespace fastpass
