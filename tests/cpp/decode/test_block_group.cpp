// The layout of coefficients: the zigzag of T.81, and a place of its own for every coefficient.
#include <vector>

#include "decode/syntax/block_group.h"
#include "decode/syntax/frame.h"
#include "support/check.h"

namespace fastpass {
namespace {

// Figure A.6 of T.81: the zigzag position of each coefficient, row by row.
constexpr int kFigureA6[64] = {0,  1,  5,  6,  14, 15, 27, 28, 2,  4,  7,  13, 16, 26, 29, 42,
                               3,  8,  12, 17, 25, 30, 41, 43, 9,  11, 18, 24, 31, 40, 44, 53,
                               10, 19, 23, 32, 39, 45, 52, 54, 20, 22, 33, 38, 46, 51, 55, 60,
                               21, 34, 37, 47, 50, 56, 59, 61, 35, 36, 48, 49, 57, 58, 62, 63};

void test_zigzag() {
  const ZigzagOffsets& zigzag = zigzag_offsets();
  for (int i = 0; i < 64; ++i) CHECK(zigzag.offset[kFigureA6[i]] == i / 8 * kGroupStride + i % 8);
  for (int i = 64; i < 128; ++i) CHECK(zigzag.offset[i] == 7 * kGroupStride + 7);
}

Frame frame_of(const std::vector<std::array<int, 2>>& factors) {
  Frame frame;
  frame.num_components = static_cast<int>(factors.size());
  for (std::size_t c = 0; c < factors.size(); ++c) {
    frame.components[c].h = factors[c][0];
    frame.components[c].v = factors[c][1];
  }
  return frame;
}

void check_layout(const Frame& frame, int mcus) {
  const ChunkLayout layout = plan_chunk(frame);
  CHECK(layout.mcus == mcus);
  std::vector<int> seen(static_cast<std::size_t>(layout.coefficients()));
  for (int c = 0; c < frame.num_components; ++c) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(c)];
    for (int row = 0; row < component.v; ++row) {
      for (int column = 0; column < mcus * component.h; ++column) {
        const int block = layout.block_offset(c, row, column);
        for (int k = 0; k < 64; ++k) {
          const int place = block + zigzag_offsets().offset[k];
          CHECK(place < layout.coefficients());
          if (place < layout.coefficients()) ++seen[static_cast<std::size_t>(place)];
        }
      }
    }
  }
  for (int count : seen) CHECK(count == 1);
}

void test_layouts() {
  check_layout(frame_of({{1, 1}}), 16);
  check_layout(frame_of({{1, 1}, {1, 1}, {1, 1}}), 16);
  check_layout(frame_of({{2, 1}, {1, 1}, {1, 1}}), 16);
  check_layout(frame_of({{2, 2}, {1, 1}, {1, 1}}), 8);
  check_layout(frame_of({{2, 2}, {1, 1}, {1, 1}, {2, 2}}), 4);
  check_layout(frame_of({{3, 1}, {1, 2}, {4, 4}}), 4);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_zigzag();
  fastpass::test_layouts();
  return RESULT();
}
