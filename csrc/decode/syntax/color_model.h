// Names that the decoders of both CPU and GPU use for the colors and components of a JPEG.
#pragma once

#include <cstdint>

namespace fastpass {

constexpr int kMaxComponents = 4;
constexpr int kMaxBlocksInMcu = 10;

// What the components mean.
enum class ColorModel : std::uint8_t { kGray, kYcc, kRgb, kCmyk, kYcck };

}  // namespace fastpass
