// The headers of one JPEG, parsed once and handed on, from planning a sample to decoding it.
#pragma once

#include "common/image_info.h"
#include "common/status.h"
#include "common/view.h"
#include "decode/syntax/jpeg_markers.h"

namespace fastpass {

// What the marker segments up to the first scan say. It may be copied, and read again for another
// file; the bytes are borrowed.
class JpegHeaders {
 public:
  // kCorruptImage where not even the size of the image is known. Otherwise the file may be worth
  // decoding, and status() tells whether our own decoder can.
  Status read(Span jpeg);

  Span jpeg() const { return jpeg_; }
  // As probe() tells it.
  const ImageInfo& info() const { return info_; }
  // Not ok: the headers are damaged, or of a kind that our own decoder does not know. libjpeg-turbo
  // may know it.
  const Status& status() const { return status_; }
  // Stands at the first scan, where status() is ok.
  const MarkerReader& markers() const { return markers_; }

 private:
  Span jpeg_;
  ImageInfo info_;
  Status status_;
  MarkerReader markers_;
};

}  // namespace fastpass
