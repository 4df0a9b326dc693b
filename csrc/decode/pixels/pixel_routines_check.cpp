#include "decode/pixels/pixel_routines_check.h"

#include <array>
#include <cstring>

namespace fastpass {
namespace {

constexpr int kGroups = 3;
constexpr int kWidth = 151;  // two vectors and a rest
constexpr std::size_t kMargin = 64;

struct Input {
  alignas(64) std::array<std::int16_t, kGroups * kGroupCoefficients> coefficients;
  std::array<std::uint16_t, 64> quant;
  std::array<std::array<std::uint8_t, kWidth + 3 * kMargin>, 3> rows;
};

// Every third group is low frequencies only, for the shortcuts.
Input make_input() {
  Input input{};
  std::uint32_t state = 1;
  const auto draw = [&state](int range) {
    state = state * 1664525u + 1013904223u;
    return static_cast<int>(state >> 8) % range;
  };
  for (std::size_t i = 0; i < input.coefficients.size(); ++i) {
    const bool is_low = i / kGroupCoefficients % 3 == 1;
    const bool is_used = !is_low || (i % kGroupCoefficients < 3 * kGroupStride && i % 8 < 3);
    input.coefficients[i] = static_cast<std::int16_t>(is_used ? draw(201) - 100 : 0);
  }
  for (auto& step : input.quant) step = static_cast<std::uint16_t>(1 + draw(20));
  for (auto& row : input.rows) {
    for (auto& sample : row) sample = static_cast<std::uint8_t>(draw(256));
  }
  return input;
}

using Output = std::array<std::uint8_t, 16 * 1024>;

// All of a table's results, one behind the other.
Output run(const PixelRoutines& kernels, const Input& input) {
  Output output{};
  std::array<std::uint8_t, 4 * kWidth + 256> row;
  std::uint8_t* at = output.data();
  const auto keep = [&](int num_bytes) {
    std::memcpy(at, row.data(), static_cast<std::size_t>(num_bytes));
    at += num_bytes;
  };
  constexpr int kStride = kGroups * kGroupBlocks * 8;
  for (const PixelRoutines::Idct idct : kernels.idct) {
    idct(input.coefficients.data(), kGroups, input.quant.data(), at, kStride);
    at += 8 * kStride;
  }
  const std::uint8_t* a = input.rows[0].data() + kMargin;
  const std::uint8_t* b = input.rows[1].data() + kMargin;
  const std::uint8_t* c = input.rows[2].data() + kMargin;
  kernels.upsample_h2v1(a, kWidth, row.data());
  keep(2 * kWidth);
  kernels.upsample_h2v2(a, b, kWidth, row.data());
  keep(2 * kWidth);
  kernels.upsample_h1v2(a, b, kWidth, 1, row.data());
  keep(kWidth);
  kernels.ycc_to_rgb(a, b, c, kWidth, row.data());
  keep(3 * kWidth);
  kernels.gray_to_rgb(a, kWidth, row.data());
  keep(3 * kWidth);
  kernels.interleave_rgb(a, b, c, kWidth, row.data());
  keep(3 * kWidth);
  return output;
}

}  // namespace

bool agree(const PixelRoutines& a, const PixelRoutines& b) {
  const Input input = make_input();
  return run(a, input) == run(b, input);
}

}  // namespace fastpass
