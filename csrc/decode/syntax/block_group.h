// Where the coefficients of a block lie.
//
// Four horizontally adjacent blocks of a component form a group; its coefficients are stored row by
// row, all four blocks side by side: [row 0..7][block 0..3][column 0..7]. A vector register then
// holds one row of one block (128 bits), of two or of four, without any shuffling.
//
// A chunk is a run of MCUs of one MCU row. Its groups lie component by component, in each component
// block row by block row, in each block row from left to right.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

struct Frame;

constexpr int kGroupBlocks = 4;
constexpr int kGroupStride = kGroupBlocks * 8;  // coefficients from one row of a block to the next
constexpr int kGroupCoefficients = kGroupBlocks * 64;

// Zigzag position -> offset from the block's first coefficient. Positions 64..127 mean 63: a run
// that leaves the block ends there, as in libjpeg.
struct ZigzagOffsets {
  std::uint8_t offset[128];
};

// How the groups of a chunk follow one another, for the sampling factors of one frame.
struct ChunkLayout {
  int mcus = 0;                // in a full chunk; a multiple of 4
  int first_group[4] = {};     // [component], in the chunk
  int groups_per_row[4] = {};  // [component]: mcus * h / 4
  int num_groups = 0;

  FASTPASS_HD int coefficients() const { return num_groups * kGroupCoefficients; }
  // Offset in the chunk of the block in row `row` (0..v-1) of its MCU row, and column `column`
  // (0..mcus * h - 1) of the chunk.
  FASTPASS_HD int block_offset(int component, int row, int column) const {
    const int group =
        first_group[component] + row * groups_per_row[component] + column / kGroupBlocks;
    return group * kGroupCoefficients + column % kGroupBlocks * 8;
  }
};

// 16, 8 or 4 MCUs: what keeps a chunk's coefficients in the first-level cache.
ChunkLayout plan_chunk(const Frame& frame);
const ZigzagOffsets& zigzag_offsets();

}  // namespace fastpass
