// What the decoders of both machines know of a JPEG by name.
#pragma once

#include <cstdint>

namespace fastpass {

constexpr int kMaxComponents = 4;
constexpr int kMaxBlocksInMcu = 10;

enum class ColorModel : std::uint8_t { kGray, kYcc, kRgb, kCmyk, kYcck };

}  // namespace fastpass
