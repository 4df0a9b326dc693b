#include "decode/block_group.h"

namespace fastpass {

ChunkLayout plan_chunk(const Frame& frame) {
  int blocks = 0;
  for (int i = 0; i < frame.num_components; ++i) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(i)];
    blocks += component.h * component.v;
  }
  ChunkLayout layout;
  layout.mcus = blocks <= 4 ? 16 : blocks <= 6 ? 8 : 4;
  for (int i = 0; i < frame.num_components; ++i) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(i)];
    layout.first_group[i] = layout.num_groups;
    layout.groups_per_row[i] = layout.mcus * component.h / kGroupBlocks;
    layout.num_groups += layout.groups_per_row[i] * component.v;
  }
  return layout;
}

const ZigzagOffsets& zigzag_offsets() {
  static const ZigzagOffsets offsets = [] {
    ZigzagOffsets result{};
    int row = 0, column = 0;
    for (int k = 0; k < 128; ++k) {
      result.offset[k] = static_cast<std::uint8_t>(row * kGroupStride + column);
      if (k >= 63) continue;
      const bool is_up = (row + column) % 2 == 0;
      if (is_up) {
        if (column == 7)
          ++row;
        else if (row == 0)
          ++column;
        else
          --row, ++column;
      } else {
        if (row == 7)
          ++column;
        else if (column == 0)
          ++row;
        else
          ++row, --column;
      }
    }
    return result;
  }();
  return offsets;
}

}  // namespace fastpass
