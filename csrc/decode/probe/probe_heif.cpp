// AVIF and HEIC: boxes of the ISO base media file format (ISO/IEC 14496-12), the properties of the
// primary item (ISO/IEC 23008-12, 6 and 9.3).
#include <algorithm>
#include <cstring>
#include <utility>

#include "common/orientation.h"
#include "decode/probe/probe_formats.h"

namespace fastpass {
namespace {

std::uint64_t read_be(const std::uint8_t* bytes, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

bool is_type(const std::uint8_t* type, const char* wanted) {
  return std::memcmp(type, wanted, 4) == 0;
}

// The boxes of a range, one after the other.
struct Boxes {
  Span range;
  std::size_t at = 0;

  // False behind the last one, and at one that does not fit.
  bool next(const std::uint8_t** type, Span* payload) {
    if (range.size - at < 8) return false;
    const std::uint8_t* box = range.data + at;
    std::uint64_t length = read_be(box, 4);
    std::size_t header = 8;
    if (length == 1 && range.size - at >= 16) {
      length = read_be(box + 8, 8);
      header = 16;
    }
    if (length == 0) length = range.size - at;  // to the end
    if (length < header || length > range.size - at) return false;
    *type = box + 4;
    *payload = {box + header, static_cast<std::size_t>(length) - header};
    at += static_cast<std::size_t>(length);
    return true;
  }
};

// The first box of that type; its `skipped` first bytes, such as version and flags, left out.
bool find_box(Span range, const char* wanted, std::size_t skipped, Span* payload) {
  Boxes boxes{range};
  const std::uint8_t* type;
  while (boxes.next(&type, payload)) {
    if (!is_type(type, wanted)) continue;
    if (payload->size < skipped) return false;
    *payload = {payload->data + skipped, payload->size - skipped};
    return true;
  }
  return false;
}

// Which of `ipco`'s properties, counted from 1, belong to the item, in order; body(index).
template <typename Body>
void for_each_property_of(Span ipma, std::uint32_t item, Body body) {
  if (ipma.size < 8) return;
  const int id_bytes = ipma.data[0] < 1 ? 2 : 4;
  const bool is_wide = (ipma.data[3] & 1) != 0;
  const std::uint64_t count = read_be(ipma.data + 4, 4);
  std::size_t at = 8;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (ipma.size - at < static_cast<std::size_t>(id_bytes) + 1) return;
    const std::uint64_t id = read_be(ipma.data + at, id_bytes);
    const std::size_t num_properties = ipma.data[at + static_cast<std::size_t>(id_bytes)];
    at += static_cast<std::size_t>(id_bytes) + 1;
    const std::size_t width = is_wide ? 2 : 1;
    if ((ipma.size - at) / width < num_properties) return;
    for (std::size_t k = 0; k < num_properties; ++k, at += width) {
      const std::uint64_t property = read_be(ipma.data + at, static_cast<int>(width));
      if (id == item) body(property & (is_wide ? 0x7FFF : 0x7F));
    }
  }
}

// Turned counterclockwise by quarters, then mirrored: as an EXIF orientation.
int orientation_of(int quarters, int mirror_axis) {
  static constexpr int kTurned[4] = {1, 8, 3, 6};
  static constexpr int kMirroredTopToBottom[4] = {4, 5, 2, 7};
  static constexpr int kMirroredLeftToRight[4] = {2, 7, 4, 5};
  if (mirror_axis < 0) return kTurned[quarters];
  return mirror_axis == 0 ? kMirroredTopToBottom[quarters] : kMirroredLeftToRight[quarters];
}

// A fraction of two 32-bit numbers, rounded; 0 where it is none.
std::uint64_t rounded_fraction(const std::uint8_t* bytes) {
  const std::uint64_t numerator = read_be(bytes, 4), denominator = read_be(bytes + 4, 4);
  return denominator == 0 ? 0 : (2 * numerator + denominator) / (2 * denominator);
}

// What the properties of an image say of its size, and how it is to be turned.
struct ItemProperties {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  // The part that is shown (ISO/IEC 14496-12, clean aperture); 0: all of it.
  std::uint64_t shown_width = 0;
  std::uint64_t shown_height = 0;
  int quarters = 0;
  int mirror_axis = -1;  // -1: none
  int num_channels = 3;

  void add(const std::uint8_t* type, Span payload) {
    if (is_type(type, "ispe") && payload.size >= 12) {
      width = read_be(payload.data + 4, 4);
      height = read_be(payload.data + 8, 4);
    }
    if (is_type(type, "clap") && payload.size >= 16) {
      shown_width = rounded_fraction(payload.data);
      shown_height = rounded_fraction(payload.data + 8);
    }
    if (is_type(type, "irot") && payload.size >= 1) quarters = payload.data[0] & 3;
    if (is_type(type, "imir") && payload.size >= 1) mirror_axis = payload.data[0] & 1;
    if (is_type(type, "pixi") && payload.size >= 5) num_channels = payload.data[4];
  }
};

bool read_properties(Span meta, ItemProperties* found) {
  Span pitm, iprp, ipco, ipma;
  if (!find_box(meta, "pitm", 0, &pitm) || pitm.size < 6) return false;
  const bool has_wide_id = pitm.data[0] != 0;
  if (has_wide_id && pitm.size < 8) return false;
  const auto item = static_cast<std::uint32_t>(read_be(pitm.data + 4, has_wide_id ? 4 : 2));
  if (!find_box(meta, "iprp", 0, &iprp) || !find_box(iprp, "ipco", 0, &ipco) ||
      !find_box(iprp, "ipma", 0, &ipma)) {
    return false;
  }
  for_each_property_of(ipma, item, [&](std::uint64_t index) {
    Boxes boxes{ipco};
    const std::uint8_t* type = nullptr;
    Span payload;
    for (std::uint64_t i = 0; i < index; ++i) {
      if (!boxes.next(&type, &payload)) return;
    }
    if (index > 0) found->add(type, payload);
  });
  return true;
}

ImageFormat format_of(Span encoded) {
  Span brands;
  if (!find_box(encoded, "ftyp", 0, &brands)) return ImageFormat::kUnknown;
  ImageFormat format = ImageFormat::kUnknown;
  for (std::size_t at = 0; at + 4 <= brands.size; at += at == 0 ? 8 : 4) {  // not the version
    const std::uint8_t* brand = brands.data + at;
    if (is_type(brand, "avif") || is_type(brand, "avis")) return ImageFormat::kAvif;
    for (const char* heic : {"heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"}) {
      if (is_type(brand, heic)) format = ImageFormat::kHeic;
    }
  }
  return format;
}

}  // namespace

bool is_heif(Span encoded) {
  return encoded.size >= 12 && is_type(encoded.data + 4, "ftyp") &&
         format_of(encoded) != ImageFormat::kUnknown;
}

// Pillow gives an AVIF as it is stored, with its orientation; the plug-in for HEIC cuts and turns
// the pixels itself.
Status probe_heif(Span encoded, ImageInfo* info) {
  constexpr std::size_t kVersionAndFlags = 4;
  Span meta;
  ItemProperties found;
  if (!find_box(encoded, "meta", kVersionAndFlags, &meta) || !read_properties(meta, &found)) {
    return corrupt("the AVIF or HEIC file does not say which of its items is the image", 0);
  }
  if (found.width == 0 || found.height == 0 || found.width > 0x7FFFFFFFu ||
      found.height > 0x7FFFFFFFu) {
    return corrupt("the AVIF or HEIC file says a size outside 1..2^31-1, or none", 0);
  }
  info->format = format_of(encoded);
  const int orientation = orientation_of(found.quarters, found.mirror_axis);
  const bool is_turned = info->format == ImageFormat::kHeic;
  if (is_turned && found.shown_width != 0 && found.shown_height != 0) {
    found.width = std::min(found.width, found.shown_width);
    found.height = std::min(found.height, found.shown_height);
  }
  if (is_turned && swaps_sides(orientation)) std::swap(found.width, found.height);
  info->width = static_cast<std::int32_t>(found.width);
  info->height = static_cast<std::int32_t>(found.height);
  info->num_components = std::max(found.num_channels, 1);
  info->subsampling = Subsampling::kOther;
  info->exif_orientation = static_cast<std::uint8_t>(is_turned ? 1 : orientation);
  return Status();
}

}  // namespace fastpass
