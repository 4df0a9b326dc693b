// The Haar transform of ImageHash's whash, with the bits of the library that ImageHash calls.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace fastpass {

constexpr int kHaarSide = 8;

// What whash compares with its median: the 8 x 8 lowest terms of a square image (side x side
// pixels, a power of two of at least 8) from which the mean was taken away.
//
// ImageHash takes the mean away by a whole transform with PyWavelets and back, on doubles. Terms
// that would be equal then differ by what was rounded on the way, and where they lie at the median
// this decides bits. The sums here are the same, in the same order, and must not be contracted.
std::array<double, kHaarSide * kHaarSide> haar_terms(const std::uint8_t* pixels, int side);

}  // namespace fastpass
