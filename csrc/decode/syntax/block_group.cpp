#include "decode/syntax/block_group.h"

#include "decode/syntax/frame.h"

namespace fastpass {
namespace {

int mcus_per_chunk(int blocks_per_mcu) {
  if (blocks_per_mcu <= 4) return 16;
  return blocks_per_mcu <= 6 ? 8 : 4;
}

// The diagonals of T.81, figure A.6, walked in turn upwards and downwards.
ZigzagOffsets make_zigzag_offsets() {
  ZigzagOffsets zigzag = {};
  int position = 0;
  for (int diagonal = 0; diagonal < 15; ++diagonal) {
    const int first = diagonal < 8 ? 0 : diagonal - 7;
    const int last = diagonal < 8 ? diagonal : 7;
    for (int step = first; step <= last; ++step) {
      const bool goes_up = diagonal % 2 == 0;
      const int row = goes_up ? diagonal - step : step;
      const int column = diagonal - row;
      zigzag.offset[position++] = static_cast<std::uint8_t>(row * kGroupStride + column);
    }
  }
  for (; position < 128; ++position) zigzag.offset[position] = zigzag.offset[63];
  return zigzag;
}

}  // namespace

ChunkLayout plan_chunk(const Frame& frame) {
  int blocks_per_mcu = 0;
  for (int c = 0; c < frame.num_components; ++c) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(c)];
    blocks_per_mcu += component.h * component.v;
  }
  ChunkLayout layout;
  layout.mcus = mcus_per_chunk(blocks_per_mcu);
  for (int c = 0; c < frame.num_components; ++c) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(c)];
    layout.first_group[c] = layout.num_groups;
    layout.groups_per_row[c] = layout.mcus * component.h / kGroupBlocks;
    layout.num_groups += layout.groups_per_row[c] * component.v;
  }
  return layout;
}

const ZigzagOffsets& zigzag_offsets() {
  static const ZigzagOffsets zigzag = make_zigzag_offsets();
  return zigzag;
}

}  // namespace fastpass
