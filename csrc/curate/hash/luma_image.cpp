#include "curate/hash/luma_image.h"

#include "common/multiversion.h"

namespace fastpass {
namespace {

FASTPASS_AVX2_CLONE
void gray_row(const std::uint8_t* rgb, int width, std::uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    const std::uint32_t sum =
        rgb[3 * x] * 19595u + rgb[3 * x + 1] * 38470u + rgb[3 * x + 2] * 7471u + 0x8000u;
    out[x] = static_cast<std::uint8_t>(sum >> 16);
  }
}

}  // namespace

void GrayImage::assign(const ImageView& rgb) {
  height = rgb.height;
  width = rgb.width;
  pixels.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
  for (int y = 0; y < height; ++y) {
    gray_row(rgb.row(y), width, pixels.data() + static_cast<std::ptrdiff_t>(y) * width);
  }
}

}  // namespace fastpass
