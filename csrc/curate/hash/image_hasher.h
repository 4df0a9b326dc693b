// All hashes of an image, encoded or decoded: where decode and curate meet.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/view.h"
#include "curate/hash/image_statistics.h"
#include "curate/hash/pdq.h"
#include "curate/hash/small_hashes.h"
#include "decode/decode_options.h"
#include "decode/decoder_pool.h"

namespace fastpass {

enum class HashFamily : std::uint8_t {
  kPdq,
  kPdqFast,
  kAverage,
  kDifference,
  kPerceptual,
  kWavelet,
  kPixels
};

struct HashKind {
  HashFamily family = HashFamily::kPdq;
  Dihedral dihedral = Dihedral::kOriginal;
  int num_bytes = kPdqBytes;
};

const std::map<std::string, HashKind>& known_hash_kinds();

constexpr int kNumStatistics = 5;  // in the order of ImageStatistics

// What is wanted of every image, and the caller's memory for it: a value per image in each column.
struct HashColumns {
  std::vector<HashKind> kinds;
  std::vector<std::uint8_t*> codes;  // [kind]: [image, bytes]
  std::int32_t* quality = nullptr;   // -1: no PDQ wanted
  std::int32_t* quality_fast = nullptr;
  std::int32_t* height = nullptr;  // of the image that is hashed
  std::int32_t* width = nullptr;
  float* statistics = nullptr;  // [image, kNumStatistics]; nullptr: not wanted
  DecodeOptions decode;         // of JPEGs: budgets, and whether they are turned upright

  bool has(HashFamily family) const;
  bool needs_gray() const;
  // Of the whole image, not of its brightness alone.
  bool needs_colors() const;
};

// One per thread: its memory is reused.
class ImageHasher {
 public:
  explicit ImageHasher(const HashColumns& columns) : columns_(columns), decoder_("auto") {}

  // Writes the hashes of a JPEG, or where it is empty of pixels, to the place `image` of every
  // column. Nothing that is wrong with the image is thrown.
  Status hash(Span jpeg, const ImageView& pixels, std::size_t image);

 private:
  Status hash_jpeg(Span jpeg, std::size_t image);
  Status hash_pixels(const ImageView& colors, std::size_t image);
  Status sample_fast(std::size_t image);
  void write_all(const ImageView& colors, std::size_t image);
  void write(const HashKind& kind, const ImageView& colors, std::uint8_t* out);
  void write_statistics(const ImageView& colors, float* out);

  const HashColumns& columns_;
  const DecoderLease decoder_;
  JpegHeaders headers_;
  PixelBuffer pixels_, fast_pixels_;
  GrayImage gray_;
  PdqHasher pdq_;
  SmallHasher small_;
  PdqSamples samples_{}, fast_samples_{};
  PdqFrequencies frequencies_{}, fast_frequencies_{};
};

}  // namespace fastpass
