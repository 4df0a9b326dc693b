// The formulas in plain loops: what vector code is compared with, and all there is on processors
// that have none of ours. The list of all builds.
#include "decode/pixels/color.h"
#include "decode/pixels/idct.h"
#include "decode/pixels/pixel_routines.h"
#include "decode/pixels/upsample.h"

namespace fastpass {
namespace {

using IdctBlock = void (*)(const std::int16_t* block, int row_stride, const std::uint16_t* quant,
                           std::uint8_t* out, std::int64_t stride);

template <IdctBlock kIdctBlock, int kSide>
void idct_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                 std::uint8_t* out, std::ptrdiff_t stride) {
  for (int group = 0; group < num_groups; ++group, coefficients += kGroupCoefficients) {
    for (int block = 0; block < kGroupBlocks; ++block, out += kSide)
      kIdctBlock(coefficients + block * 8, kGroupStride, quant, out, stride);
  }
}

void idct_dc(const std::int16_t* block, int, const std::uint16_t* quant, std::uint8_t* out,
             std::int64_t) {
  *out = idct_1x1(block[0], quant[0]);
}

void upsample_h2v1(const std::uint8_t* in, int width, std::uint8_t* out) {
  for (int x = 0; x < 2 * width; ++x) out[x] = upsample_h2v1_at(in + x / 2, x % 2);
}

void upsample_h2v2(const std::uint8_t* near, const std::uint8_t* far, int width,
                   std::uint8_t* out) {
  for (int x = 0; x < 2 * width; ++x) out[x] = upsample_h2v2_at(near + x / 2, far + x / 2, x % 2);
}

void upsample_h1v2(const std::uint8_t* near, const std::uint8_t* far, int width, int bias,
                   std::uint8_t* out) {
  for (int x = 0; x < width; ++x) out[x] = upsample_h1v2_at(near[x], far[x], bias);
}

void ycc_to_rgb(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr, int width,
                std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x) ycc_to_rgb_at(y[x], cb[x], cr[x], rgb + 3 * x);
}

void interleave_rgb(const std::uint8_t* r, const std::uint8_t* g, const std::uint8_t* b, int width,
                    std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x, rgb += 3) {
    rgb[0] = r[x];
    rgb[1] = g[x];
    rgb[2] = b[x];
  }
}

void gray_to_rgb(const std::uint8_t* y, int width, std::uint8_t* rgb) {
  interleave_rgb(y, y, y, width, rgb);
}

}  // namespace

void idct_1x1_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride) {
  idct_groups<idct_dc, 1>(coefficients, num_groups, quant, out, stride);
}

void idct_4x4_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride) {
  idct_groups<idct_4x4, 4>(coefficients, num_groups, quant, out, stride);
}

void idct_8x8_groups(const std::int16_t* coefficients, int num_groups, const std::uint16_t* quant,
                     std::uint8_t* out, std::ptrdiff_t stride) {
  idct_groups<idct_8x8, 8>(coefficients, num_groups, quant, out, stride);
}

const PixelRoutines kPlainPixelRoutines = {
    "plain",       {idct_1x1_groups, idct_groups<idct_2x2, 2>, idct_4x4_groups, idct_8x8_groups},
    upsample_h2v1, upsample_h2v2,
    upsample_h1v2, ycc_to_rgb,
    gray_to_rgb,   interleave_rgb};

const std::vector<const PixelRoutines*>& available_pixel_routines() {
  using F = CpuFeature;
  static const auto builds = available_builds<PixelRoutines>({
      {&kPlainPixelRoutines, {}},
      {&kAvx2PixelRoutines, {F::kAvx2}},
      {&kAvx512PixelRoutines, {F::kAvx512f, F::kAvx512bw}},
  });
  return builds;
}

}  // namespace fastpass
