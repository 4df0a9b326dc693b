#include "curate/hash/pdq.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace fastpass {
namespace {

// Sums of DCT-II basis functions 1 to 16 with 64 samples. The factor is a float, as in the
// reference, the cosine a double.
const std::array<float, kPdqFrequencies * kPdqSide>& dct_matrix() {
  static const auto matrix = [] {
    std::array<float, kPdqFrequencies * kPdqSide> made{};
    const float scale = static_cast<float>(std::sqrt(2.0 / kPdqSide));
    for (int i = 0; i < kPdqFrequencies; ++i) {
      for (int j = 0; j < kPdqSide; ++j) {
        made[static_cast<std::size_t>(i * kPdqSide + j)] =
            static_cast<float>(scale * std::cos(M_PI / 2 / kPdqSide * (i + 1) * (2 * j + 1)));
      }
    }
    return made;
  }();
  return matrix;
}

}  // namespace

// Steps between neighbors, in hundredths of the whole range.
int pdq_quality(const PdqSamples& samples) {
  int sum = 0;
  const auto step = [](float a, float b) {
    return std::abs(static_cast<int>((a - b) * 100 / 255));
  };
  for (std::size_t y = 0; y < kPdqSide; ++y) {
    for (std::size_t x = 0; x < kPdqSide; ++x) {
      const float here = samples[y * kPdqSide + x];
      if (y + 1 < kPdqSide) sum += step(here, samples[(y + 1) * kPdqSide + x]);
      if (x + 1 < kPdqSide) sum += step(here, samples[y * kPdqSide + x + 1]);
    }
  }
  return std::min(sum / 90, 100);
}

// Sums in the order of the reference: one sample after the other.
PdqFrequencies pdq_frequencies(const PdqSamples& samples) {
  const auto& matrix = dct_matrix();
  std::array<float, kPdqFrequencies * kPdqSide> columns{};
  for (std::size_t i = 0; i < kPdqFrequencies; ++i) {
    for (std::size_t k = 0; k < kPdqSide; ++k) {
      for (std::size_t j = 0; j < kPdqSide; ++j) {
        columns[i * kPdqSide + j] += matrix[i * kPdqSide + k] * samples[k * kPdqSide + j];
      }
    }
  }
  PdqFrequencies frequencies{};
  for (std::size_t i = 0; i < kPdqFrequencies; ++i) {
    for (std::size_t k = 0; k < kPdqSide; ++k) {
      for (std::size_t j = 0; j < kPdqFrequencies; ++j) {
        frequencies[i * kPdqFrequencies + j] +=
            columns[i * kPdqSide + k] * matrix[j * kPdqSide + k];
      }
    }
  }
  return frequencies;
}

namespace {

// What the transform of a turned or mirrored image is, from that of the image: transposed where it
// is turned by 90 degrees, and every second row or column with the other sign.
float turned(const PdqFrequencies& original, Dihedral dihedral, std::size_t i, std::size_t j) {
  const auto at = [&](std::size_t y, std::size_t x) { return original[y * kPdqFrequencies + x]; };
  const auto signed_by = [](std::size_t index, float value) {
    return index % 2 != 0 ? value : -value;
  };
  switch (dihedral) {
    case Dihedral::kOriginal:
      return at(i, j);
    case Dihedral::kRotate90:
      return signed_by(i, at(j, i));
    case Dihedral::kRotate180:
      return signed_by(i + j + 1, at(i, j));
    case Dihedral::kRotate270:
      return signed_by(j, at(j, i));
    case Dihedral::kFlipX:
      return signed_by(i, at(i, j));
    case Dihedral::kFlipY:
      return signed_by(j, at(i, j));
    case Dihedral::kFlipPlus1:
      return at(j, i);
    case Dihedral::kFlipMinus1:
      return signed_by(i + j + 1, at(j, i));
  }
  return 0.0f;
}

}  // namespace

PdqCode pdq_code(const PdqFrequencies& frequencies, Dihedral dihedral) {
  PdqFrequencies values{};
  for (std::size_t i = 0; i < kPdqFrequencies; ++i) {
    for (std::size_t j = 0; j < kPdqFrequencies; ++j) {
      values[i * kPdqFrequencies + j] = turned(frequencies, dihedral, i, j);
    }
  }
  PdqFrequencies sorted = values;
  const auto middle = sorted.begin() + (sorted.size() / 2 - 1);  // the lower of the two
  std::nth_element(sorted.begin(), middle, sorted.end());
  PdqCode code{};
  for (std::size_t bit = 0; bit < values.size(); ++bit) {
    if (values[bit] > *middle)
      code[kPdqBytes - 1 - bit / 8] |= static_cast<std::uint8_t>(1u << bit % 8);
  }
  return code;
}

}  // namespace fastpass
