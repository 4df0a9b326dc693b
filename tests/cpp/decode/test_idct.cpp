// The formulas of idct.h against libjpeg-turbo's pixels of gray images, extreme values included.
#include <random>

#include "decode/pixels/idct.h"
#include "support/check.h"
#include "support/coefficient_jpeg.h"

namespace fastpass_test {
namespace {

using Random = std::mt19937;

int between(Random& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

// Kinds of blocks, from what photographs hold to what only damaged files can.
void fill_block(Random& random, int kind, std::int16_t* block) {
  const int limit = kind % 2 == 0 ? 60 : 1023;
  const int rows = kind / 2 % 4 == 0 ? 1 : kind / 2 % 4 == 1 ? 4 : 8;
  const int columns = kind / 8 % 3 == 0 ? 8 : kind / 8 % 3 == 1 ? 4 : 1;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x)
      block[y * 8 + x] = static_cast<std::int16_t>(between(random, -limit, limit));
  }
  if (kind / 8 % 3 == 2) block[36] = static_cast<std::int16_t>(between(random, -limit, limit));
}

void fill_quant(Random& random, int kind, fastpass::QuantTable* quant) {
  static const int kHighest[4] = {1, 40, 255, 65535};
  for (std::uint16_t& step : quant->steps)
    step = static_cast<std::uint16_t>(between(random, 1, kHighest[kind]));
}

void transform(int side, const std::int16_t* block, const std::uint16_t* quant, std::uint8_t* out) {
  if (side == 8) fastpass::idct_8x8(block, 8, quant, out, side);
  if (side == 4) fastpass::idct_4x4(block, 8, quant, out, side);
  if (side == 2) fastpass::idct_2x2(block, 8, quant, out, side);
  if (side == 1) *out = fastpass::idct_1x1(block[0], quant[0]);
}

int count_wrong_blocks(const Frame& frame, Coefficients& coefficients, const Pixels& pixels,
                       int side) {
  const std::uint16_t* quant = frame.components[0].quant.steps.data();
  int wrong = 0;
  for (int row = 0; row < coefficients.blocks_high[0]; ++row) {
    for (int column = 0; column < coefficients.blocks_wide[0]; ++column) {
      std::uint8_t samples[64];
      transform(side, coefficients.block(0, row, column), quant, samples);
      bool is_equal = true;
      for (int i = 0; i < side * side; ++i) {
        const int y = row * side + i / side, x = column * side + i % side;
        is_equal = is_equal &&
                   pixels.bytes[static_cast<std::size_t>(3 * (y * pixels.width + x))] == samples[i];
      }
      wrong += is_equal ? 0 : 1;
    }
  }
  return wrong;
}

void test_against_the_library() {
  Random random(1);
  for (int round = 0; round < 12; ++round) {
    Frame frame = make_frame(24 * 8, 32 * 8, ColorModel::kGray, {{1, 1}});
    fill_quant(random, round % 4, &frame.components[0].quant);
    Coefficients coefficients(frame);
    for (int row = 0; row < 32; ++row) {
      for (int column = 0; column < 24; ++column)
        fill_block(random, column, coefficients.block(0, row, column));
    }
    const std::vector<std::uint8_t> jpeg = encode(frame, coefficients);
    for (int side = 1; side <= 8; side *= 2) {
      const int wrong = count_wrong_blocks(frame, coefficients, decode(jpeg, 8 / side), side);
      if (wrong != 0) std::fprintf(stderr, "round %d, side %d: %d wrong\n", round, side, wrong);
      CHECK(wrong == 0);
    }
  }
}

}  // namespace
}  // namespace fastpass_test

int main() {
  fastpass_test::test_against_the_library();
  return RESULT();
}
