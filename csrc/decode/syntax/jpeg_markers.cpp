// Finds marker after marker (ITU-T T.81, annex B), as liberally as libjpeg-turbo does.
#include "decode/syntax/jpeg_markers.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "decode/probe/exif.h"
#include "decode/probe/probe_formats.h"
#include "decode/syntax/jpeg_codes.h"

namespace fastpass {
namespace {

std::string hex(int byte) {
  char text[8];
  std::snprintf(text, sizeof(text), "%02X", static_cast<unsigned int>(byte));
  return text;
}

}  // namespace

Status MarkerReader::open(Span jpeg) {
  *this = MarkerReader();
  jpeg_ = jpeg;
  if (jpeg.size < 2) {
    return corrupt("not a JPEG: " + std::to_string(jpeg.size) + " bytes");
  }
  if (jpeg.data[0] != 0xFF || jpeg.data[1] != kSoi) {
    return corrupt("not a JPEG: it starts with " + hex(jpeg.data[0]) + " " + hex(jpeg.data[1]) +
                   ", FF D8 wanted");
  }
  position_ = 2;
  bool has_scan = false;
  FASTPASS_RETURN_IF_ERROR(read_to_scan(&has_scan));
  if (has_scan) return {};
  return corrupt(damage_.ok() ? "the JPEG ends (EOI) before its first scan"
                              : "truncated: the JPEG ends before its first scan");
}

Status MarkerReader::next_scan(std::size_t offset, bool* has_scan) {
  position_ = offset;
  return read_to_scan(has_scan);
}

int MarkerReader::read_byte() {
  const std::size_t position = position_++;
  if (position < jpeg_.size) return jpeg_.data[position];
  if (damage_.ok()) {
    damage_ = {Fault::kCorruptImage, "truncated: the file ends among the markers, EOI wanted",
               static_cast<std::int64_t>(jpeg_.size)};
  }
  return (position - jpeg_.size) % 2 == 0 ? 0xFF : kEoi;
}

int MarkerReader::read_u16() {
  const int high = read_byte();
  return high << 8 | read_byte();
}

void MarkerReader::skip(int count) {
  if (count > 0) position_ += static_cast<std::size_t>(count);
}

// Skips what is no marker, FF 00 included: libjpeg only warns of such bytes.
int MarkerReader::next_marker() {
  for (;;) {
    int byte = read_byte();
    while (byte != 0xFF) byte = read_byte();
    while (byte == 0xFF) byte = read_byte();  // fill bytes (B.1.1.2)
    if (byte == 0) continue;
    marker_offset_ = std::min(position_ - 2, jpeg_.size);
    return byte;
  }
}

Status MarkerReader::corrupt(const std::string& message) const {
  return {Fault::kCorruptImage, message, static_cast<std::int64_t>(marker_offset_)};
}

Status MarkerReader::read_to_scan(bool* has_scan) {
  for (;;) {
    const int marker = next_marker();
    *has_scan = marker == kSos;
    if (marker == kEoi) return {};
    if (marker == kSos) return read_scan();
    FASTPASS_RETURN_IF_ERROR(read_segment(marker));
  }
}

Status MarkerReader::read_segment(int marker) {
  if (marker == kDht) return read_huffman_tables();
  if (marker == kDac) return read_arithmetic_conditioning();
  if (marker >= kSof0 && marker <= kSof15) return read_frame(marker);
  if (marker == kDqt) return read_quant_tables();
  if (marker == kDri) return read_restart_interval();
  if (marker == kSoi) return corrupt("a second start of image (FF D8) inside a JPEG");
  const bool has_no_payload = marker == kTem || (marker >= kRst0 && marker <= kRst7);
  if (has_no_payload) return {};
  if (marker >= kApp0 && marker <= kApp15) {
    read_app(marker);
    return {};
  }
  if (marker == kCom || marker == kDnl) {
    skip(read_u16() - 2);
    return {};
  }
  return corrupt("a JPEG marker with no known meaning: FF " + hex(marker));
}

// JFIF and Adobe tell the color model, EXIF the orientation; a length that is too small means an
// empty segment.
void MarkerReader::read_app(int marker) {
  constexpr int kJfifBytes = 14, kAdobeBytes = 12;
  const int length = read_u16() - 2;
  if (marker == kApp1 && length > 0) read_exif(static_cast<std::size_t>(length));
  int num_bytes = 0;
  std::uint8_t bytes[kJfifBytes];
  if (marker == kApp0 || marker == kApp14) {
    for (; num_bytes < std::min(length, kJfifBytes); ++num_bytes) {
      bytes[num_bytes] = static_cast<std::uint8_t>(read_byte());
    }
  }
  skip(length - num_bytes);
  if (marker == kApp0 && num_bytes >= kJfifBytes && std::memcmp(bytes, "JFIF", 5) == 0) {
    has_jfif_ = true;
  }
  if (marker == kApp14 && num_bytes >= kAdobeBytes && std::memcmp(bytes, "Adobe", 5) == 0) {
    adobe_transform_ = bytes[11];
  }
}

// Looks at the payload that comes next, without reading on.
void MarkerReader::read_exif(std::size_t length) {
  if (has_frame_ || has_exif_ || position_ >= jpeg_.size) return;
  const Span segment = {jpeg_.data + position_, std::min(length, jpeg_.size - position_)};
  if (!is_exif(segment)) return;
  has_exif_ = true;
  exif_orientation_ = read_exif_orientation({segment.data + 6, segment.size - 6});
}

Status MarkerReader::read_restart_interval() {
  const int length = read_u16();
  if (length != 4) {
    return corrupt("the restart interval (DRI) has length " + std::to_string(length) +
                   ", 4 wanted");
  }
  restart_interval_ = read_u16();
  return {};
}

}  // namespace fastpass
