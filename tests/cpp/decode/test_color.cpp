// YCC and YCCK to RGB against libjpeg-turbo: images of one color per block.
#include <random>

#include "decode/pixels/color.h"
#include "support/check.h"
#include "support/coefficient_jpeg.h"

namespace fastpass_test {
namespace {

constexpr int kBlocks = 256;  // per side of the image

using Colors = std::vector<std::uint8_t>;  // four samples per block

// A flat block of samples s has the coefficient s - 128 at steps of 8.
Pixels decode_colors(const Colors& colors, ColorModel model) {
  const bool has_black = model == ColorModel::kYcck;
  Frame frame = make_frame(8 * kBlocks, 8 * kBlocks, model,
                           std::vector<SamplingFactors>(has_black ? 4 : 3, {1, 1}));
  for (FrameComponent& component : frame.components) component.quant.steps.fill(8);
  Coefficients coefficients(frame);
  for (int c = 0; c < frame.num_components; ++c) {
    for (std::size_t i = 0; i < colors.size() / 4; ++i) {
      coefficients.blocks[c][64 * i] =
          static_cast<std::int16_t>(colors[4 * i + static_cast<std::size_t>(c)] - 128);
    }
  }
  return decode(encode(frame, coefficients), 8);
}

// Every pair of cb and cr, with a few y.
Colors all_chroma(int y_seed) {
  std::mt19937 random(static_cast<unsigned>(y_seed));
  Colors colors;
  for (int i = 0; i < kBlocks * kBlocks; ++i) {
    colors.push_back(static_cast<std::uint8_t>(random()));
    colors.push_back(static_cast<std::uint8_t>(i / 256));
    colors.push_back(static_cast<std::uint8_t>(i % 256));
    colors.push_back(static_cast<std::uint8_t>(random()));
  }
  return colors;
}

void test_ycc() {
  const Colors colors = all_chroma(1);
  const Pixels wanted = decode_colors(colors, ColorModel::kYcc);
  for (std::size_t i = 0; i < colors.size() / 4; ++i) {
    const std::uint8_t* color = &colors[4 * i];
    std::uint8_t rgb[3];
    fastpass::ycc_to_rgb_at(color[0], color[1], color[2], rgb);
    CHECK(std::memcmp(rgb, &wanted.bytes[3 * i], 3) == 0);
  }
}

void test_ycck() {
  const Colors colors = all_chroma(2);
  const Pixels wanted = decode_colors(colors, ColorModel::kYcck);  // as CMYK
  for (std::size_t i = 0; i < colors.size() / 4; ++i) {
    const std::uint8_t* color = &colors[4 * i];
    std::uint8_t rgb[3], wanted_rgb[3];
    fastpass::ycck_to_rgb_at(color[0], color[1], color[2], color[3], rgb);
    fastpass::cmyk_to_rgb_row(&wanted.bytes[4 * i], 1, wanted_rgb);
    CHECK(std::memcmp(rgb, wanted_rgb, 3) == 0);
  }
}

}  // namespace
}  // namespace fastpass_test

int main() {
  fastpass_test::test_ycc();
  fastpass_test::test_ycck();
  return RESULT();
}
