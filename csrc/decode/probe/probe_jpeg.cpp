// JPEG markers up to the frame header: ITU-T T.81, annex B.
#include "decode/probe/exif.h"
#include "decode/probe/probe_formats.h"

namespace fastpass {
namespace {

constexpr int kSoi = 0xD8, kEoi = 0xD9, kSos = 0xDA, kApp1 = 0xE1;
constexpr int kDht = 0xC4, kJpg = 0xC8, kDac = 0xCC;  // inside the range of SOFn, but no frames

bool is_frame_header(int marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != kDht && marker != kJpg && marker != kDac;
}

bool has_no_payload(int marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7); }

int read_u16(const std::uint8_t* bytes) { return bytes[0] << 8 | bytes[1]; }

// `segment` holds the payload behind the length field: P, Y, X, Nf, then Nf times (C, HV, Tq).
Status read_frame_header(int marker, Span segment, std::size_t offset, ImageInfo* info) {
  if (segment.size < 6) return corrupt("the JPEG frame header is too short", offset);
  const int num_components = segment.data[5];
  if (num_components == 0 || segment.size != 6 + 3 * static_cast<std::size_t>(num_components)) {
    return corrupt("the length of the JPEG frame header does not fit its components", offset);
  }
  info->format = ImageFormat::kJpeg;
  info->height = read_u16(segment.data + 1);
  info->width = read_u16(segment.data + 3);
  info->num_components = num_components;
  info->is_progressive = (marker & 3) == 2;  // SOF2, 6, 10, 14
  if (info->width == 0) return corrupt("the JPEG frame header says width 0", offset);
  if (info->height == 0) {
    return Status(Fault::kUnsupportedImage,
                  "the JPEG frame header says height 0 (to be defined after the first scan)",
                  static_cast<std::int64_t>(offset));
  }
  SamplingFactors sampling[255];
  for (int i = 0; i < num_components; ++i) {
    const int factors = segment.data[6 + 3 * i + 1];
    sampling[i] = {factors >> 4, factors & 15};
    if (sampling[i].horizontal < 1 || sampling[i].horizontal > 4 || sampling[i].vertical < 1 ||
        sampling[i].vertical > 4) {
      return corrupt("a JPEG sampling factor is outside 1..4", offset);
    }
  }
  info->subsampling =
      num_components > 4 ? Subsampling::kOther : classify_subsampling(sampling, num_components);
  return Status();
}

// Moves `at` behind the next marker. Bytes between segments are skipped, as libjpeg does.
int next_marker(Span encoded, std::size_t* at) {
  while (*at < encoded.size && encoded.data[*at] != 0xFF) ++*at;
  while (*at < encoded.size && encoded.data[*at] == 0xFF) ++*at;  // fill bytes (B.1.1.2)
  return *at < encoded.size ? encoded.data[(*at)++] : -1;
}

}  // namespace

Subsampling classify_subsampling(const SamplingFactors* factors, int num_components) {
  if (num_components == 1) return Subsampling::kNone;
  if (num_components < 3) return Subsampling::kOther;
  const SamplingFactors luma = factors[0], chroma = factors[1];
  const auto is_same = [](SamplingFactors a, SamplingFactors b) {
    return a.horizontal == b.horizontal && a.vertical == b.vertical;
  };
  if (!is_same(chroma, factors[2])) return Subsampling::kOther;
  if (num_components == 4 && !is_same(luma, factors[3])) return Subsampling::kOther;
  if (luma.horizontal % chroma.horizontal != 0 || luma.vertical % chroma.vertical != 0) {
    return Subsampling::kOther;
  }
  switch (luma.horizontal / chroma.horizontal * 10 + luma.vertical / chroma.vertical) {
    case 11:
      return Subsampling::k444;
    case 21:
      return Subsampling::k422;
    case 22:
      return Subsampling::k420;
    case 12:
      return Subsampling::k440;
    case 41:
      return Subsampling::k411;
    case 42:
      return Subsampling::k410;
    default:
      return Subsampling::kOther;
  }
}

Status probe_jpeg(Span encoded, ImageInfo* info) {
  bool has_exif = false;
  std::size_t at = 2;
  for (;;) {
    const int marker = next_marker(encoded, &at);
    if (marker < 0) return corrupt("the JPEG ends before its frame header", encoded.size);
    if (marker == 0 || has_no_payload(marker)) continue;
    const std::size_t offset = at - 2;
    if (marker == kSoi) return corrupt("a second start of image before the frame header", offset);
    if (marker == kEoi || marker == kSos) {
      return corrupt("the JPEG has no frame header before its first scan or its end", offset);
    }
    if (encoded.size - at < 2) return corrupt("the JPEG ends inside a segment", encoded.size);
    const std::size_t length = static_cast<std::size_t>(read_u16(encoded.data + at));
    if (length < 2) return corrupt("a JPEG segment says a length below 2", offset);
    if (length > encoded.size - at) return corrupt("a JPEG segment runs past the end", offset);
    const Span segment = {encoded.data + at + 2, length - 2};
    if (is_frame_header(marker)) return read_frame_header(marker, segment, offset, info);
    if (marker == kApp1 && !has_exif && is_exif(segment)) {
      has_exif = true;
      info->exif_orientation = read_exif_orientation({segment.data + 6, segment.size - 6});
    }
    at += length;
  }
}

}  // namespace fastpass
