// The interface of all JPEG decoders, and what a caller may ask of them.
#pragma once

#include <cstdint>
#include <optional>

#include "common/crop_box.h"
#include "common/status.h"
#include "common/view.h"
#include "decode/pixel_buffer.h"
#include "decode/syntax/jpeg_headers.h"

namespace fastpass {

// What becomes of a file whose entropy-coded data are damaged.
enum class OnDamage : std::uint8_t {
  kRaise,  // damaged entropy-coded data is a kCorruptImage
  kFill,   // keep what was decoded, and what libjpeg-turbo fills in for the rest
};

// Pillow's limit for "surely a decompression bomb".
constexpr std::int64_t kDefaultMaxPixels = 178956970;

// What the caller wants of one image.
struct DecodeOptions {
  std::optional<CropBox> crop;  // in pixels of the image after DCT scaling
  int scale_denominator = 1;    // 1, 2, 4, 8
  OnDamage on_damage = OnDamage::kRaise;
  std::int64_t max_pixels = kDefaultMaxPixels;  // width x height in the file
  Span seek_index;                              // of this very file; empty: none
  bool is_seek_index_verified = false;          // the caller knows that it belongs to this file
  // Y of YCbCr in all three channels; color need not be decoded. A decoder may ignore this and give
  // colors.
  bool luma_only = false;
};

// One per thread; reused from image to image.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // To RGB; grayscale is replicated and CMYK converted as Pillow does. EXIF is not applied.
  // `headers` have read the file, whatever came of it.
  virtual Status decode(const JpegHeaders& headers, const DecodeOptions& options,
                        PixelBuffer* pixels) = 0;
  // For callers that have not looked at the headers.
  Status decode(Span jpeg, const DecodeOptions& options, PixelBuffer* pixels) {
    JpegHeaders headers;
    static_cast<void>(headers.read(jpeg));  // decode() reports what is wrong with them
    return decode(headers, options, pixels);
  }
  // Memory that stays with the decoder between two images.
  virtual std::size_t bytes_held() const { return 0; }
};

}  // namespace fastpass
