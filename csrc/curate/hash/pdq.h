// PDQ, the perceptual hash of Meta's ThreatExchange ("The TMK+PDQF Video-Hashing Algorithm and the
// PDQ Image-Hashing Algorithm", 2019): 256 bits, and a quality of 0 to 100.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/view.h"

namespace fastpass {

constexpr int kPdqBytes = 32;
constexpr int kPdqSide = 64;  // samples that the transform sees
constexpr int kPdqFrequencies = 16;

using PdqCode = std::array<std::uint8_t, kPdqBytes>;  // as its text has it: bit 255 first

// Samples, row by row, of the image after the tent filter (two box filters along each axis).
using PdqSamples = std::array<float, kPdqSide * kPdqSide>;
using PdqFrequencies = std::array<float, kPdqFrequencies * kPdqFrequencies>;

// The eight ways to lay a square down, in the order of pdqhash.
enum class Dihedral : std::uint8_t {
  kOriginal,
  kRotate90,
  kRotate180,
  kRotate270,
  kFlipX,
  kFlipY,
  kFlipPlus1,
  kFlipMinus1,
};
constexpr int kNumDihedrals = 8;

// One per thread: its memory is reused.
class PdqHasher {
 public:
  // Bit for bit the reference: the same sums of floats in the same order. False for an image with a
  // side below 5: its hash is zero, of quality 0.
  bool sample(const ImageView& rgb, PdqSamples* samples);
  // The same samples as weighted sums: each sums the pixels under its tent. Where the pixels are
  // those of an image of full_height x full_width at 1 / denominator, each stands for those it
  // was made of. Differs from sample() in the last bits of a float, or little more when scaled.
  bool sample_by_weights(const ImageView& rgb, int full_height, int full_width, int denominator,
                         PdqSamples* samples);

 private:
  void filter_first_rows(const ImageView& rgb);
  void filter_rest(int height, int width, PdqSamples* samples);
  struct AxisWeights;

  std::vector<float> filtered_;  // [height, width]
  std::vector<float> lanes_in_;  // [width, rows side by side]
  std::vector<float> lanes_out_;
  std::vector<float> rows_;  // the last rows after the second pass
  std::vector<float> column_sums_;
  std::vector<float> sampled_;  // [height, 64]
};

int pdq_quality(const PdqSamples& samples);
PdqFrequencies pdq_frequencies(const PdqSamples& samples);
PdqCode pdq_code(const PdqFrequencies& frequencies, Dihedral dihedral = Dihedral::kOriginal);

}  // namespace fastpass
