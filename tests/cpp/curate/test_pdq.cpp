// PDQ's samples against the reference's own steps, written down one line at a time.
#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

#include "curate/hash/pdq.h"
#include "curate/hash/small_hashes.h"
#include "support/check.h"

namespace fastpass {
namespace {

struct Picture {
  int height, width;
  std::vector<std::uint8_t> bytes;
  ImageView view() { return {bytes.data(), height, width, 3, std::ptrdiff_t{3} * width}; }
};

Picture random_picture(int height, int width, std::mt19937* random) {
  Picture picture = {height, width, {}};
  for (int i = 0; i < 3 * height * width; ++i) {
    picture.bytes.push_back(static_cast<std::uint8_t>((*random)()));
  }
  return picture;
}

// The running sum of a box along `size` values, `step` apart.
void slow_box(const float* in, float* out, int size, int step, int window) {
  const int half = (window + 2) / 2;
  float sum = 0.0f;
  int right = 0, left = 0, place = 0, count = 0;
  const auto put = [&] { out[place++ * step] = sum / static_cast<float>(count); };
  for (int i = 0; i < half - 1; ++i, ++count) sum += in[right++ * step];
  for (int i = 0; i < window - half + 1; ++i) {
    sum += in[right++ * step];
    ++count;
    put();
  }
  for (int i = 0; i < size - window; ++i) {
    sum += in[right++ * step];
    sum -= in[left++ * step];
    put();
  }
  for (int i = 0; i < half - 1; ++i) {
    sum -= in[left++ * step];
    --count;
    put();
  }
}

PdqSamples slow_samples(const Picture& picture) {
  const int height = picture.height, width = picture.width;
  std::vector<float> image;
  for (int i = 0; i < height * width; ++i) {
    const std::uint8_t* rgb = picture.bytes.data() + 3 * i;
    image.push_back(static_cast<float>(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]));
  }
  std::vector<float> other(image.size());
  const int across = (width + 127) / 128, down = (height + 127) / 128;
  for (int pass = 0; pass < 2 && !(height == 64 && width == 64); ++pass) {
    for (int y = 0; y < height; ++y) {
      slow_box(image.data() + y * width, other.data() + y * width, width, 1, across);
    }
    for (int x = 0; x < width; ++x) {
      slow_box(other.data() + x, image.data() + x, height, width, down);
    }
  }
  PdqSamples samples;
  for (int i = 0; i < kPdqSide; ++i) {
    for (int j = 0; j < kPdqSide; ++j) {
      const int y = static_cast<int>((i + 0.5) * height / kPdqSide);
      const int x = static_cast<int>((j + 0.5) * width / kPdqSide);
      samples[static_cast<std::size_t>(kPdqSide * i + j)] =
          image[static_cast<std::size_t>(y * width + x)];
    }
  }
  return samples;
}

void test_samples() {
  std::mt19937 random(1);
  PdqHasher hasher;  // its memory is reused, whatever the next size
  std::vector<std::pair<int, int>> sizes = {{5, 5},    {64, 64}, {64, 65},  {5, 700},  {700, 5},
                                            {128, 16}, {15, 17}, {129, 31}, {257, 33}, {385, 48}};
  for (int i = 0; i < 40; ++i) {
    sizes.emplace_back(5 + static_cast<int>(random() % 300), 5 + static_cast<int>(random() % 300));
  }
  for (const auto& [height, width] : sizes) {
    Picture picture = random_picture(height, width, &random);
    PdqSamples samples, weighed;
    CHECK(hasher.sample(picture.view(), &samples));
    CHECK(samples == slow_samples(picture));
    // Sums in another order: the same but for their last bits.
    CHECK(hasher.sample_by_weights(picture.view(), height, width, 1, &weighed));
    float furthest = 0.0f;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      furthest = std::max(furthest, std::fabs(samples[i] - weighed[i]));
    }
    CHECK(furthest < 0.01f);
  }
}

// Of a picture that does not change within blocks, the smaller one stands for the whole.
void test_scaled_samples() {
  std::mt19937 random(2);
  PdqHasher hasher;
  for (const int denominator : {2, 4, 8}) {
    for (const auto& [rows, columns] : {std::pair{70, 90}, {256, 131}, {33, 300}}) {
      Picture small = random_picture(rows, columns, &random);
      // The last row and column of blocks may be cut off.
      Picture large = {rows * denominator - 1, columns * denominator - denominator / 2, {}};
      for (int y = 0; y < large.height; ++y) {
        for (int x = 0; x < large.width; ++x) {
          const int at = 3 * (y / denominator * columns + x / denominator);
          for (int c = 0; c < 3; ++c) {
            large.bytes.push_back(small.bytes[static_cast<std::size_t>(at + c)]);
          }
        }
      }
      PdqSamples whole, scaled;
      CHECK(hasher.sample(large.view(), &whole));
      CHECK(
          hasher.sample_by_weights(small.view(), large.height, large.width, denominator, &scaled));
      float furthest = 0.0f;
      for (std::size_t i = 0; i < whole.size(); ++i) {
        furthest = std::max(furthest, std::fabs(whole[i] - scaled[i]));
      }
      CHECK(furthest < 0.01f);
    }
  }
}

void test_too_small() {
  PdqHasher hasher;
  for (const auto& [height, width] : {std::pair{4, 100}, {100, 4}, {1, 1}}) {
    std::mt19937 random(3);
    Picture picture = random_picture(height, width, &random);
    PdqSamples samples;
    CHECK(!hasher.sample(picture.view(), &samples));
    CHECK(samples == PdqSamples{});
    CHECK(!hasher.sample_by_weights(picture.view(), height, width, 1, &samples));
  }
}

// Half of all bits are set, and a turned picture has the turned code, or nearly.
void test_codes() {
  std::mt19937 random(4);
  PdqHasher hasher;
  Picture picture = random_picture(64, 64, &random);
  PdqSamples samples, turned;
  CHECK(hasher.sample(picture.view(), &samples));
  for (std::size_t y = 0; y < kPdqSide; ++y) {
    for (std::size_t x = 0; x < kPdqSide; ++x) {
      turned[y * kPdqSide + x] = samples[(kPdqSide - 1 - y) * kPdqSide + kPdqSide - 1 - x];
    }
  }
  const PdqFrequencies frequencies = pdq_frequencies(samples);
  int bits = 0, apart = 0;
  const PdqCode code = pdq_code(frequencies, Dihedral::kRotate180);
  const PdqCode of_turned = pdq_code(pdq_frequencies(turned));
  for (std::size_t i = 0; i < code.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bits += code[i] >> bit & 1;
      apart += (code[i] ^ of_turned[i]) >> bit & 1;
    }
  }
  CHECK(bits == 128);
  CHECK(apart <= 4);
  CHECK(pdq_quality(samples) == 100 && pdq_quality(PdqSamples{}) == 0);
}

// Every way of Pillow's two passes, with memory that is reused.
void test_small_hashes_of_all_shapes() {
  std::mt19937 random(5);
  SmallHasher one;
  for (int i = 0; i < 60; ++i) {
    const int height = 1 + static_cast<int>(random() % (i % 3 == 0 ? 9 : 700));
    const int width = 1 + static_cast<int>(random() % (i % 5 == 0 ? 9 : 700));
    Picture picture = random_picture(height, width, &random);
    GrayImage gray;
    gray.assign(picture.view());
    SmallHasher fresh;
    CHECK(one.average(gray) == fresh.average(gray));
    CHECK(one.difference(gray) == fresh.difference(gray));
    CHECK(one.perceptual(gray) == fresh.perceptual(gray));
    CHECK(one.wavelet(gray) == fresh.wavelet(gray));
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_samples();
  fastpass::test_scaled_samples();
  fastpass::test_too_small();
  fastpass::test_codes();
  fastpass::test_small_hashes_of_all_shapes();
  return RESULT();
}
