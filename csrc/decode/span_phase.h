// Entropy decoding of an indexed file: one lane per entry of the seek index, each on its own. Lanes
// write blocks of their own only, so they may run in any order or all at once.
#pragma once

#include <cstdint>

#include "common/hd.h"
#include "decode/bit_reader.h"
#include "decode/block_group.h"
#include "decode/entropy.h"
#include "decode/huffman.h"

namespace fastpass {

// The decoder's state before an MCU; the fields are SeekEntry's.
struct SpanStart {
  std::uint64_t bit_offset;
  std::int16_t dc[4];
};

struct SpanComponent {
  int h;  // sampling factors
  int v;
  int dc_table;
  int ac_table;
};

// A file of one sequential scan: what all lanes read, and where they write.
struct SpanArgs {
  const std::uint8_t* data;
  std::uint64_t size;
  const SpanStart* starts;  // [lane]: before MCU lane * mcus_per_span
  int mcus_per_span;
  int num_mcus;  // of the image
  int mcus_wide;
  int restart_interval;  // 0: none
  int num_components;
  SpanComponent components[4];    // in the order of the scan
  int component_index[4];         // of the scan's components in the frame
  const HuffmanTable* dc_tables;  // [4]
  const HuffmanTable* ac_tables;  // [4]
  const std::uint8_t* offsets;    // of zigzag_offsets()
  ChunkLayout layout;
  std::int16_t* coefficients;  // zero beforehand; MCU rows of `chunks_per_row` chunks
  int chunks_per_row;
};

FASTPASS_HD inline int num_spans(const SpanArgs& args) {
  return (args.num_mcus + args.mcus_per_span - 1) / args.mcus_per_span;
}

FASTPASS_HD inline std::int16_t* chunk_of_mcu(const SpanArgs& args, int mcu) {
  const int row = mcu / args.mcus_wide;
  const int chunk = mcu % args.mcus_wide / args.layout.mcus;
  const std::int64_t index = std::int64_t{row} * args.chunks_per_row + chunk;
  return args.coefficients + index * args.layout.coefficients();
}

FASTPASS_HD inline void decode_span_mcu(BitReader& reader, const SpanArgs& args, int mcu,
                                        std::int32_t* dc) {
  std::int16_t* chunk = chunk_of_mcu(args, mcu);
  const int mcu_column = mcu % args.mcus_wide % args.layout.mcus;
  for (int i = 0; i < args.num_components; ++i) {
    const SpanComponent& component = args.components[i];
    const HuffmanTable& dc_table = args.dc_tables[component.dc_table];
    const HuffmanTable& ac_table = args.ac_tables[component.ac_table];
    for (int block = 0; block < component.h * component.v; ++block) {
      const int column = mcu_column * component.h + block % component.h;
      const int offset =
          args.layout.block_offset(args.component_index[i], block / component.h, column);
      decode_sequential_block(reader, dc_table, ac_table, &dc[i], args.offsets, chunk + offset);
    }
  }
}

// Decodes the lane's MCUs; tells the first damage, where it stops.
FASTPASS_HD inline DamageKind phase_decode_span(int lane, const SpanArgs& args) {
  const SpanStart& start = args.starts[lane];
  BitReader reader = make_bit_reader(args.data, args.size, start.bit_offset / 8);
  refill(reader);
  skip_bits(reader, static_cast<int>(start.bit_offset % 8));
  std::int32_t dc[4];
  for (int i = 0; i < 4; ++i) dc[i] = start.dc[i];
  const int first = lane * args.mcus_per_span;
  const int left = args.num_mcus - first;
  const int end = first + (left < args.mcus_per_span ? left : args.mcus_per_span);
  for (int mcu = first; mcu < end; ++mcu) {
    const bool is_restart = args.restart_interval != 0 && mcu % args.restart_interval == 0;
    if (is_restart && mcu != first) {
      read_restart(reader, (mcu / args.restart_interval - 1) & 7);
      for (int i = 0; i < 4; ++i) dc[i] = 0;
    }
    decode_span_mcu(reader, args, mcu, dc);
    if (reader.has_run_out || reader.damage == DamageKind::kBadCode) break;
  }
  // The end of the file may come right behind the last MCU.
  const bool is_whole = reader.damage == DamageKind::kEndOfFile && !reader.has_run_out;
  return is_whole ? DamageKind::kNone : reader.damage;
}

// SpanStart::bit_offset of the next bit, in undamaged data: goes back over the bytes read ahead.
FASTPASS_HD inline std::uint64_t next_bit_offset(const BitReader& reader) {
  std::uint64_t at = offset_of_rest(reader);
  while (reader.data[at - 1] == 0xFF) --at;  // fill bytes in front of a marker
  for (int i = 0; i < (reader.count + 7) / 8; ++i) {
    const bool is_stuffed = reader.data[at - 1] == 0 && reader.data[at - 2] == 0xFF;
    at -= is_stuffed ? 2 : 1;
  }
  return 8 * at + static_cast<std::uint64_t>((8 - reader.count % 8) % 8);
}

}  // namespace fastpass
