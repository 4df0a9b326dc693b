#include "decode/entropy/block_smoothing.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace fastpass {
namespace {

// What each DC coefficient of the 5 x 5 blocks counts, in 1/256.
using Weights = std::array<std::int16_t, 25>;

// How one missing coefficient follows from the DC coefficients around its block.
struct Guess {
  int zigzag;   // position of the guessed coefficient
  int natural;  // row * 8 + column
  Weights weights;
};

constexpr int kNumGuessed = 9;  // AC coefficients, by zigzag position 1..9
constexpr std::array<int, kNumGuessed + 1> kNatural = {0, 1, 8, 16, 9, 2, 3, 10, 17, 24};

// Where nothing but DC is known. Taken as they are, the odd sign at the edge of the first included:
// only these numbers give libjpeg-turbo's pixels.
constexpr std::array<Guess, kNumGuessed> kFromDcAlone = {{
    {1, 1, {-1,  -1, 0,  1,  1, -3,  13, 0,  -13, 3, -3, 38, 0,
            -38, 3,  -3, 13, 0, -13, 3,  -1, -1,  0, 1,  1}},
    {2, 8, {-1, -3, -3, -3,  -1,  -1,  13, 38, 13, -1, 0, 0, 0,
            0,  0,  1,  -13, -38, -13, 1,  1,  3,  3,  3, 1}},
    {3, 16, {0, 0, 1, 0, 0, 0, 2, 7, 2, 0, 0, -5, -14, -5, 0, 0, 2, 7, 2, 0, 0, 0, 1, 0, 0}},
    {4, 9, {-1, 0, 0, 0, 1, 0, 9, 0, -9, 0, 0, 0, 0, 0, 0, 0, -9, 0, 9, 0, 1, 0, 0, 0, -1}},
    {5, 2, {0, 0, 0, 0, 0, 0, 2, -5, 2, 0, 1, 7, -14, 7, 1, 0, 2, -5, 2, 0, 0, 0, 0, 0, 0}},
    {6, 3, {0, 0, 0, 0, 0, 0, 1, 0, -1, 0, 0, 2, 0, -2, 0, 0, 1, 0, -1, 0, 0, 0, 0, 0, 0}},
    {7, 10, {0, 0, 0, 0, 0, 0, 1, -3, 1, 0, 0, 0, 0, 0, 0, 0, -1, 3, -1, 0, 0, 0, 0, 0, 0}},
    {8, 17, {0, 0, 0, 0, 0, 0, 1, 0, -1, 0, 0, -3, 0, 3, 0, 0, 1, 0, -1, 0, 0, 0, 0, 0, 0}},
    {9, 24, {0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, -1, -2, -1, 0, 0, 0, 0, 0, 0}},
}};

// DC itself is then smoothed as well.
constexpr Weights kSmoothDc = {-2, -6, -8, -6, -2, -6, 6,  42, 6,  -6, -8, 42, 152,
                               42, -8, -6, 6,  42, 6,  -6, -2, -6, -8, -6, -2};

// Where some bits of AC coefficients are known.
constexpr std::array<Guess, 5> kFromDcBesideAc = {{
    {1, 1, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -7, 50, 0, -50, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
    {2, 8, {0, 0, -7, 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, -50, 0, 0, 0, 0, 7, 0, 0}},
    {3, 16, {0, 0, -1, 0, 0, 0, 0, 13, 0, 0, 0, 0, -24, 0, 0, 0, 0, 13, 0, 0, 0, 0, -1, 0, 0}},
    {4, 9, {0, -1, 0, 1, 0, -1, 10, 0, -10, 1, 0, 0, 0, 0, 0, 1, -10, 0, 10, -1, 0, 1, 0, -1, 0}},
    {5, 2, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 13, -24, 13, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
}};

bool is_dc_alone(const std::array<int, 64>& known) {
  return std::all_of(known.begin() + 1, known.begin() + 1 + kNumGuessed,
                     [](int bit) { return bit < 0; });
}

// The weighted sum, dequantized by the step of DC and quantized by `step`; rounded to the nearest.
template <typename Window>
std::int64_t estimate(const Window& window, const Weights& weights, std::int64_t dc_step,
                      std::int64_t step) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < window.size(); ++i) sum += std::int64_t{weights[i]} * window[i];
  sum *= dc_step;
  const std::int64_t size = (128 * step + std::abs(sum)) / (256 * step);
  return sum < 0 ? -size : size;
}

// Bits that are known to be zero stay zero: what is guessed is smaller than the lowest known bit.
std::int64_t limited(std::int64_t value, int lowest_known_bit) {
  if (lowest_known_bit <= 0) return value;
  const std::int64_t most = (std::int64_t{1} << lowest_known_bit) - 1;
  return std::clamp(value, -most, most);
}

}  // namespace

bool wants_block_smoothing(const Frame& frame, const KnownBits& known) {
  if (!frame.is_progressive) return false;
  bool is_any_unknown = false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(frame.num_components); ++i) {
    const auto& steps = frame.components[i].quant.steps;  // of a missing table: zeros
    const bool has_zero = std::any_of(kNatural.begin(), kNatural.end(), [&](int natural) {
      return steps[static_cast<std::size_t>(natural)] == 0;
    });
    if (has_zero || known[i][0] < 0) return false;
    const auto* first = known[i].data() + 1;
    is_any_unknown =
        is_any_unknown || std::any_of(first, first + kNumGuessed, [](int bit) { return bit != 0; });
  }
  return is_any_unknown;
}

// Rows that only pad the last MCU row are looked at as well, as libjpeg-turbo does: an interleaved
// scan has sent something for them, any other scan zeros.
int BlockSmoother::dc_at(int component, int row, int column) const {
  const FrameComponent& sampled = frame_.components[static_cast<std::size_t>(component)];
  if (row >= frame_.mcus_high * sampled.v) return 0;
  const ChunkLayout& layout = image_.layout();
  const int width = layout.mcus * sampled.h;
  const std::int16_t* chunk = image_.chunk(row / sampled.v, column / width);
  return chunk[layout.block_offset(component, row % sampled.v, column % width)];
}

// Beyond a border of the image, the blocks at the border count again. Where the lower and the upper
// border lie, libjpeg-turbo tells by the number of block rows in this MCU row, which is smaller in
// the last one: an MCU row above it may then count as the border, or rows that only pad.
BlockSmoother::Window BlockSmoother::window_of(int component, int row, int column) const {
  const FrameComponent& sampled = frame_.components[static_cast<std::size_t>(component)];
  const int v = sampled.v_in_file;
  const int num_mcu_rows = (sampled.height_in_blocks + v - 1) / v;
  const int mcu_row = row / v;
  const int rest = sampled.height_in_blocks % v;
  const int rows_here = mcu_row == num_mcu_rows - 1 && rest != 0 ? rest : v;
  const int place = mcu_row * rows_here + row % v;
  const int num_places = num_mcu_rows * rows_here;
  const int above = place > 0 ? row - 1 : row;
  const int below = place < num_places - 1 ? row + 1 : row;
  const std::array<int, 5> rows = {place > 1 ? row - 2 : above, above, row, below,
                                   place < num_places - 2 ? row + 2 : below};
  Window window;
  for (std::size_t y = 0; y < 5; ++y) {
    for (int x = 0; x < 5; ++x) {
      const int at = std::clamp(column + x - 2, 0, sampled.width_in_blocks - 1);
      window[5 * y + static_cast<std::size_t>(x)] = dc_at(component, rows[y], at);
    }
  }
  return window;
}

void BlockSmoother::smooth(int component, int row, int column, int row_stride,
                           std::int16_t* block) const {
  const auto index = static_cast<std::size_t>(component);
  const FrameComponent& sampled = frame_.components[index];
  // Blocks that only pad are never shown.
  if (row >= sampled.height_in_blocks || column >= sampled.width_in_blocks) return;
  const bool is_behind = row / sampled.v_in_file > sent_.last_row_of_scan;
  const auto& known = (is_behind ? sent_.known_before : sent_.known)[index];
  const auto& steps = sampled.quant.steps;
  const Window window = window_of(component, row, column);
  const auto guess = [&](const Guess& wanted) {
    std::int16_t* coefficient = block + wanted.natural / 8 * row_stride + wanted.natural % 8;
    const int bit = known[static_cast<std::size_t>(wanted.zigzag)];
    if (bit == 0 || *coefficient != 0) return;
    const auto step = steps[static_cast<std::size_t>(wanted.natural)];
    const std::int64_t value = estimate(window, wanted.weights, steps[0], step);
    *coefficient = static_cast<std::int16_t>(limited(value, bit));
  };
  if (!is_dc_alone(known)) {
    for (const Guess& wanted : kFromDcBesideAc) guess(wanted);
    return;
  }
  for (const Guess& wanted : kFromDcAlone) guess(wanted);
  block[0] = static_cast<std::int16_t>(estimate(window, kSmoothDc, steps[0], steps[0]));
}

void BlockSmoother::smooth_chunk(int mcu_row, int index, std::int16_t* chunk) const {
  const ChunkLayout& layout = image_.layout();
  std::memcpy(chunk, image_.chunk(mcu_row, index),
              sizeof(std::int16_t) * static_cast<std::size_t>(layout.coefficients()));
  for (int c = 0; c < frame_.num_components; ++c) {
    const FrameComponent& sampled = frame_.components[static_cast<std::size_t>(c)];
    const int width = layout.mcus * sampled.h;
    for (int y = 0; y < sampled.v; ++y) {
      for (int x = 0; x < width; ++x) {
        smooth(c, mcu_row * sampled.v + y, index * width + x, kGroupStride,
               chunk + layout.block_offset(c, y, x));
      }
    }
  }
}

}  // namespace fastpass
