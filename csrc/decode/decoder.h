// The interface of all JPEG decoders.
#pragma once

#include <cstddef>

#include "common/status.h"
#include "common/view.h"
#include "decode/decode_options.h"
#include "decode/pixel_buffer.h"
#include "decode/syntax/jpeg_headers.h"
#include "decode/turn_pixels.h"

namespace fastpass {

// One per thread; reused from image to image.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // To RGB; grayscale is replicated and CMYK converted as Pillow does. `headers` have read the
  // file, whatever came of it.
  Status decode(const JpegHeaders& headers, const DecodeOptions& options, PixelBuffer* pixels) {
    const auto stored = [&](const DecodeOptions& as_stored, PixelBuffer* out) {
      return decode_stored(headers, as_stored, out);
    };
    return decode_turned(headers, options, &stored_, pixels, stored);
  }
  // For callers that have not looked at the headers.
  Status decode(Span jpeg, const DecodeOptions& options, PixelBuffer* pixels) {
    JpegHeaders headers;
    static_cast<void>(headers.read(jpeg));  // what is wrong with them the decoder tells
    return decode(headers, options, pixels);
  }
  // Memory that stays with the decoder between two images.
  std::size_t bytes_held() const { return stored_.bytes_held() + own_bytes_held(); }

 protected:
  // Without regard to EXIF: options.applies_orientation is false.
  virtual Status decode_stored(const JpegHeaders& headers, const DecodeOptions& options,
                               PixelBuffer* pixels) = 0;
  virtual std::size_t own_bytes_held() const { return 0; }

 private:
  PixelBuffer stored_;  // before turning
};

}  // namespace fastpass
