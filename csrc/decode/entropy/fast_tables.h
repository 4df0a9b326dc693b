// Look-up tables for sequential scans: what the next bits mean, up to two coefficients at a time.
//
// Note [Fast look-ups]. The next ten bits of AC data stand for an index; what is stored there:
//   first coefficient    its value is value[i] plus the bits behind the index that still belong to
//                        it: (the 54 bits behind the index) >> shift[i]. Codes and signs thus need
//                        no branch, whatever the coefficient's size.
//   second coefficient   where both fit into the ten bits; 0 where there is none.
//   advance              of the zigzag position. kEndOfBlock more where the block ends, kLongCode
//                        where the index does not tell: every end is one comparison with 64.
// The second coefficient is stored before the first, so that a first one that fills the block wins
// over what looks like a second; then only the first one's bits have been used (see
// entropy_routines_body.h). All zero coefficients written this way lie where none has been yet.
//
// One array per member, not an array of structures: the one load that all others wait for (bits)
// then needs no scaled address, and its 1 KB never leaves the first-level cache.
#pragma once

#include <cstdint>

#include "decode/entropy/huffman.h"
#include "decode/syntax/frame.h"

namespace fastpass {

constexpr int kAcIndexBits = 10;
constexpr int kDcIndexBits = 9;
// Of a look-up; three of them are at most the 56 bits that a refill guarantees.
constexpr int kMaxLookupBits = 18;
constexpr int kEndOfBlock = 96;
constexpr int kLongCode = 192;

// The tables of one component: see the note above.
struct FastTables {
  alignas(64) std::uint8_t bits[1 << kAcIndexBits];  // used by this look-up
  std::uint8_t advance[1 << kAcIndexBits];
  std::uint8_t run[1 << kAcIndexBits];  // zeros in front of the first coefficient
  std::uint8_t shift[1 << kAcIndexBits];
  std::int8_t second[1 << kAcIndexBits];
  std::int16_t value[1 << kAcIndexBits];

  std::uint8_t dc_bits[1 << kDcIndexBits];  // 0: a long code
  std::uint8_t dc_shift[1 << kDcIndexBits];
  std::int16_t dc_value[1 << kDcIndexBits];

  std::uint8_t zigzag[256];  // zigzag_offsets(), 63 repeated to the end
  HuffmanTable dc;           // for long codes
  HuffmanTable ac;
};

void build_fast_tables(const HuffmanSpec& dc, const HuffmanSpec& ac, FastTables* tables);

}  // namespace fastpass
