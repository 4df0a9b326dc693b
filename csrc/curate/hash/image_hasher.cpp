#include "curate/hash/image_hasher.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "common/xxhash64.h"
#include "decode/turn_pixels.h"

namespace fastpass {
namespace {

constexpr int kPixelHashBytes = 16;
// Memory and time of some hashes grow with the longer side, so there is a limit beyond any photo.
constexpr int kLongestSide = 1 << 20;
// pdq_fast decodes a JPEG at a smaller scale as long as both sides keep this many pixels.
constexpr int kFewestFastPixels = 256;
// Below this many pixels a side, samples repeat each other and frequencies tie, so that the last
// bits of a float decide. Such images are hashed as PDQ itself does; they are small anyway.
constexpr int kFewestWeighedPixels = 2 * kPdqSide;

constexpr std::array<const char*, kNumDihedrals> kDihedralNames = {
    "",        ":rotate90", ":rotate180",  ":rotate270",
    ":flip_x", ":flip_y",   ":flip_plus1", ":flip_minus1"};

bool is_weighed(int height, int width) { return std::min(height, width) >= kFewestWeighedPixels; }

template <typename Code>
void put(const Code& code, std::uint8_t* out) {
  std::copy(code.begin(), code.end(), out);
}

// Two XXH64 of the pixels, from seeds that the size is part of.
void put_pixels(const ImageView& colors, std::uint8_t* out) {
  const Span bytes = {colors.data, static_cast<std::size_t>(colors.stride) *
                                       static_cast<std::size_t>(colors.height)};
  const std::uint64_t size =
      static_cast<std::uint64_t>(colors.height) << 32 | static_cast<std::uint64_t>(colors.width);
  for (std::uint64_t i = 0; i < 2; ++i) {
    const std::uint64_t hash = xxhash64(bytes, 2 * size + i);
    std::memcpy(out + 8 * i, &hash, sizeof(hash));
  }
}

}  // namespace

const std::map<std::string, HashKind>& known_hash_kinds() {
  static const auto known = [] {
    std::map<std::string, HashKind> kinds = {
        {"ahash", {HashFamily::kAverage, {}, kSmallHashBytes}},
        {"dhash", {HashFamily::kDifference, {}, kSmallHashBytes}},
        {"phash", {HashFamily::kPerceptual, {}, kSmallHashBytes}},
        {"whash", {HashFamily::kWavelet, {}, kSmallHashBytes}},
        {"pixels", {HashFamily::kPixels, {}, kPixelHashBytes}},
    };
    for (std::size_t i = 0; i < kDihedralNames.size(); ++i) {
      const auto dihedral = static_cast<Dihedral>(i);
      const std::string name = kDihedralNames[i];
      kinds["pdq" + name] = {HashFamily::kPdq, dihedral, kPdqBytes};
      kinds["pdq_fast" + name] = {HashFamily::kPdqFast, dihedral, kPdqBytes};
    }
    return kinds;
  }();
  return known;
}

bool HashColumns::has(HashFamily family) const {
  return std::any_of(kinds.begin(), kinds.end(),
                     [family](const HashKind& kind) { return kind.family == family; });
}

bool HashColumns::needs_gray() const {
  return statistics != nullptr || has(HashFamily::kAverage) || has(HashFamily::kDifference) ||
         has(HashFamily::kPerceptual) || has(HashFamily::kWavelet);
}

bool HashColumns::needs_colors() const {
  return needs_gray() || has(HashFamily::kPdq) || has(HashFamily::kPixels);
}

Status ImageHasher::hash(Span jpeg, const ImageView& pixels, std::size_t image) {
  try {
    return jpeg.data != nullptr ? hash_jpeg(jpeg, image) : hash_pixels(pixels, image);
  } catch (const std::bad_alloc&) {
    return {Fault::kOutOfMemory, "no memory to hash this image"};
  }
}

Status ImageHasher::hash_jpeg(Span jpeg, std::size_t image) {
  FASTPASS_RETURN_IF_ERROR(headers_.read(jpeg));
  const ImageInfo& stored = headers_.info();
  const bool is_swapped = swaps_sides(orientation_of(headers_, columns_.decode));
  columns_.height[image] = is_swapped ? stored.width : stored.height;
  columns_.width[image] = is_swapped ? stored.height : stored.width;
  ImageView colors;
  if (columns_.needs_colors()) {
    FASTPASS_RETURN_IF_ERROR(decoder_.get()->decode(headers_, columns_.decode, &pixels_));
    colors = pixels_.view();
  }
  if (columns_.has(HashFamily::kPdqFast)) FASTPASS_RETURN_IF_ERROR(sample_fast(image));
  write_all(colors, image);
  return {};
}

Status ImageHasher::hash_pixels(const ImageView& colors, std::size_t image) {
  if (std::max(colors.height, colors.width) > kLongestSide) {
    return {Fault::kImageTooLarge,
            "an image of " + std::to_string(colors.width) + " x " + std::to_string(colors.height) +
                " pixels: hashes take sides of at most " + std::to_string(kLongestSide)};
  }
  columns_.height[image] = colors.height;
  columns_.width[image] = colors.width;
  if (columns_.has(HashFamily::kPdqFast)) {
    if (is_weighed(colors.height, colors.width)) {
      pdq_.sample_by_weights(colors, colors.height, colors.width, 1, &fast_samples_);
    } else {
      pdq_.sample(colors, &fast_samples_);
    }
  }
  write_all(colors, image);
  return {};
}

// From the Y of a JPEG, at the smallest scale that leaves enough.
Status ImageHasher::sample_fast(std::size_t image) {
  const int height = columns_.height[image], width = columns_.width[image];
  DecodeOptions options = columns_.decode;
  if (!is_weighed(height, width)) {
    FASTPASS_RETURN_IF_ERROR(decoder_.get()->decode(headers_, options, &fast_pixels_));
    pdq_.sample(fast_pixels_.view(), &fast_samples_);
    return {};
  }
  options.luma_only = true;
  const int side = std::min(height, width);
  int denominator = 1;
  while (denominator < 8 && side / (2 * denominator) >= kFewestFastPixels) denominator *= 2;
  options.scale_denominator =
      whole_pixel_scale(headers_.info(), orientation_of(headers_, options), denominator);
  FASTPASS_RETURN_IF_ERROR(decoder_.get()->decode(headers_, options, &fast_pixels_));
  pdq_.sample_by_weights(fast_pixels_.view(), height, width, options.scale_denominator,
                         &fast_samples_);
  return {};
}

void ImageHasher::write_all(const ImageView& colors, std::size_t image) {
  if (columns_.has(HashFamily::kPdq)) {
    pdq_.sample(colors, &samples_);
    frequencies_ = pdq_frequencies(samples_);
    columns_.quality[image] = pdq_quality(samples_);
  }
  if (columns_.has(HashFamily::kPdqFast)) {
    fast_frequencies_ = pdq_frequencies(fast_samples_);
    columns_.quality_fast[image] = pdq_quality(fast_samples_);
  }
  if (columns_.needs_gray()) gray_.assign(colors);
  if (columns_.statistics != nullptr)
    write_statistics(colors, columns_.statistics + kNumStatistics * image);
  for (std::size_t i = 0; i < columns_.kinds.size(); ++i) {
    const HashKind& kind = columns_.kinds[i];
    write(kind, colors, columns_.codes[i] + image * static_cast<std::size_t>(kind.num_bytes));
  }
}

void ImageHasher::write_statistics(const ImageView& colors, float* out) {
  const ImageStatistics measured = measure_image(colors, gray_);
  out[0] = measured.brightness;
  out[1] = measured.entropy;
  out[2] = measured.laplacian_variance;
  out[3] = measured.saturation;
  out[4] = measured.is_single_color ? 1.0f : 0.0f;
}

void ImageHasher::write(const HashKind& kind, const ImageView& colors, std::uint8_t* out) {
  switch (kind.family) {
    case HashFamily::kPdq:
      return put(pdq_code(frequencies_, kind.dihedral), out);
    case HashFamily::kPdqFast:
      return put(pdq_code(fast_frequencies_, kind.dihedral), out);
    case HashFamily::kAverage:
      return put(small_.average(gray_), out);
    case HashFamily::kDifference:
      return put(small_.difference(gray_), out);
    case HashFamily::kPerceptual:
      return put(small_.perceptual(gray_), out);
    case HashFamily::kWavelet:
      return put(small_.wavelet(gray_), out);
    case HashFamily::kPixels:
      return put_pixels(colors, out);
  }
}

}  // namespace fastpass
