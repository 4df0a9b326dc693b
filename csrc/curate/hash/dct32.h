// The cosine transform of ImageHash's phash, with the bits of the library that ImageHash calls.
//
// Note [The same order]. Of a flat picture, a ruled page or anything symmetrical, most terms are
// zero, and whether a computed term is exactly zero or a rounding error decides a bit of the hash.
// ImageHash calls scipy.fftpack.dct on doubles; that is pocketfft's DCT-II: pairs of inputs are
// added and subtracted, a real inverse FFT of 32 points goes over them (a step of radix 2, two of
// radix 4), and each output is turned by its angle. The sums here are the same, in the same order,
// and must not be contracted.
#pragma once

#include <array>

namespace fastpass {

constexpr int kDctSize = 32;
constexpr int kDctLanes = 8;

// Lines side by side: [place][line].
using DctLines = std::array<std::array<double, kDctLanes>, kDctSize>;

// y[k] = 2 sum x[n] cos(pi k (2 n + 1) / 64) of every line, in place.
void dct32(DctLines* lines);

}  // namespace fastpass
