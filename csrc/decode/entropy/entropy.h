// One block of coefficients out of entropy-coded data (ITU-T T.81, F.2.2 and G.1.2), as
// libjpeg-turbo reads it; see Note [Damaged entropy-coded data] in bit_reader.h. `block` points to
// the block's first coefficient, `offsets` are those of zigzag_offsets(): a run that leaves the
// block ends in its last coefficient.
#pragma once

#include <cstdint>

#include "common/hd.h"
#include "decode/entropy/bit_reader.h"
#include "decode/entropy/huffman.h"

namespace fastpass {

// A band of coefficients and their bits: Ss, Se and Al of the scan.
struct Band {
  int begin;
  int end;  // inclusive
  int low_bit;
};

FASTPASS_HD inline int read_dc_difference(BitReader& reader, const HuffmanTable& table) {
  refill_for_symbol(reader);
  const int size = decode_symbol(reader, table);
  return size == 0 ? 0 : read_value(reader, size);
}

// The block's coefficients are zero beforehand; so they are for the first scan of every band.
FASTPASS_HD inline void decode_sequential_block(BitReader& reader, const HuffmanTable& dc_table,
                                                const HuffmanTable& ac_table,
                                                std::int32_t* predictor,
                                                const std::uint8_t* offsets, std::int16_t* block) {
  // Unsigned: damaged data may wrap round.
  *predictor =
      static_cast<std::int32_t>(static_cast<std::uint32_t>(*predictor) +
                                static_cast<std::uint32_t>(read_dc_difference(reader, dc_table)));
  block[0] = static_cast<std::int16_t>(*predictor);
  for (int k = 1; k < 64; ++k) {
    refill_for_symbol(reader);
    const int symbol = decode_symbol(reader, ac_table);
    const int run = symbol >> 4;
    const int size = symbol & 15;
    k += run;
    if (size != 0) {
      block[offsets[k]] = static_cast<std::int16_t>(read_value(reader, size));
    } else if (run != 15) {
      return;
    }
  }
}

// False where the sum leaves 32 bits: libjpeg gives up.
FASTPASS_HD inline bool decode_dc_first(BitReader& reader, const HuffmanTable& table, int low_bit,
                                        std::int32_t* predictor, std::int16_t* block) {
  const std::int64_t sum = std::int64_t{*predictor} + read_dc_difference(reader, table);
  *predictor = static_cast<std::int32_t>(sum);
  block[0] = static_cast<std::int16_t>(static_cast<std::uint32_t>(*predictor) << low_bit);
  return *predictor == sum;
}

FASTPASS_HD inline void decode_dc_refine(BitReader& reader, int low_bit, std::int16_t* block) {
  if (read_bit(reader) != 0) block[0] = static_cast<std::int16_t>(block[0] | 1 << low_bit);
}

// 2^size plus `size` more bits, size 0..14 (G.1.2.2): this many blocks, this one among them, have
// no further coefficients in the band.
FASTPASS_HD inline std::int32_t read_end_of_band_run(BitReader& reader, int size) {
  if (size == 0) return 1;
  const int more = peek_bits(reader, size);
  skip_bits(reader, size);
  return (1 << size) + more;
}

FASTPASS_HD inline void decode_ac_first(BitReader& reader, const HuffmanTable& table,
                                        const Band& band, std::int32_t* end_of_band_run,
                                        const std::uint8_t* offsets, std::int16_t* block) {
  if (*end_of_band_run > 0) {
    --*end_of_band_run;
    return;
  }
  for (int k = band.begin; k <= band.end; ++k) {
    refill_for_symbol(reader);
    const int symbol = decode_symbol(reader, table);
    const int run = symbol >> 4;
    const int size = symbol & 15;
    if (size != 0) {
      k += run;
      const auto value = static_cast<std::uint32_t>(read_value(reader, size));
      block[offsets[k]] = static_cast<std::int16_t>(value << band.low_bit);
    } else if (run == 15) {
      k += 15;
    } else {
      *end_of_band_run = read_end_of_band_run(reader, run) - 1;
      return;
    }
  }
}

// One more bit of a coefficient that is not zero: away from zero, and once only. Without a branch:
// these bits are as good as random.
FASTPASS_HD inline void refine(BitReader& reader, int low_bit, std::int16_t* coefficient) {
  const int value = *coefficient;
  const int sign = value < 0 ? -1 : 0;
  const int step = (read_bit(reader) & ~(value >> low_bit) & 1) << low_bit;
  *coefficient = static_cast<std::int16_t>(value + ((step ^ sign) - sign));
}

// Refines what is not zero from position k on, until `zeros` zeros are passed and one more is met,
// or the band ends; returns where.
FASTPASS_HD inline int refine_run(BitReader& reader, const Band& band, int k, int zeros,
                                  const std::uint8_t* offsets, std::int16_t* block) {
  for (; k <= band.end; ++k) {
    std::int16_t* coefficient = block + offsets[k];
    if (*coefficient != 0) {
      refine(reader, band.low_bit, coefficient);
    } else if (zeros-- == 0) {
      break;
    }
  }
  return k;
}

FASTPASS_HD inline void decode_ac_refine(BitReader& reader, const HuffmanTable& table,
                                         const Band& band, std::int32_t* end_of_band_run,
                                         const std::uint8_t* offsets, std::int16_t* block) {
  int k = band.begin;
  while (*end_of_band_run == 0 && k <= band.end) {
    refill_for_symbol(reader);
    const int symbol = decode_symbol(reader, table);
    const int run = symbol >> 4;
    const int size = symbol & 15;
    if (size == 0 && run != 15) {
      *end_of_band_run = read_end_of_band_run(reader, run);
      break;
    }
    if (size > 1) report_damage(reader, DamageKind::kBadCode);
    const int step = 1 << band.low_bit;
    const int value = size == 0 ? 0 : read_bit(reader) != 0 ? step : -step;
    k = refine_run(reader, band, k, run, offsets, block);
    // Behind the band's end as well, where damaged data say so.
    if (value != 0) block[offsets[k]] = static_cast<std::int16_t>(value);
    ++k;
  }
  if (*end_of_band_run == 0) return;
  refine_run(reader, band, k, 64, offsets, block);
  --*end_of_band_run;
}

}  // namespace fastpass
