// What the headers of an encoded image say.
#pragma once

#include <cstdint>

namespace fastpass {

// Which coder made the bytes, by what they begin with.
// Numbers are written to files: new ones come at the end.
enum class ImageFormat : std::uint8_t {
  kUnknown,
  kJpeg,
  kPng,
  kWebp,
  kBmp,
  kGif,
  kTiff,
  kAvif,
  kHeic,
};
constexpr ImageFormat kLastImageFormat = ImageFormat::kHeic;

// How much smaller the color planes are than the luma plane, in the usual notation.
enum class Subsampling : std::uint8_t { kNone, k444, k422, k420, k440, k411, k410, kOther };

// What probe() finds out without decoding a pixel.
struct ImageInfo {
  ImageFormat format = ImageFormat::kUnknown;
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::int32_t num_components = 0;
  Subsampling subsampling = Subsampling::kNone;  // kNone: a single component
  bool is_progressive = false;
  std::uint8_t exif_orientation = 1;  // 1..8, as the EXIF tag; 1 where there is none
};

inline const char* name_of(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return "jpeg";
    case ImageFormat::kPng:
      return "png";
    case ImageFormat::kWebp:
      return "webp";
    case ImageFormat::kBmp:
      return "bmp";
    case ImageFormat::kGif:
      return "gif";
    case ImageFormat::kTiff:
      return "tiff";
    case ImageFormat::kAvif:
      return "avif";
    case ImageFormat::kHeic:
      return "heic";
    case ImageFormat::kUnknown:
      break;
  }
  return "unknown";
}

inline const char* name_of(Subsampling subsampling) {
  switch (subsampling) {
    case Subsampling::kNone:
      return "none";
    case Subsampling::k444:
      return "4:4:4";
    case Subsampling::k422:
      return "4:2:2";
    case Subsampling::k420:
      return "4:2:0";
    case Subsampling::k440:
      return "4:4:0";
    case Subsampling::k411:
      return "4:1:1";
    case Subsampling::k410:
      return "4:1:0";
    case Subsampling::kOther:
      break;
  }
  return "other";
}

}  // namespace fastpass
