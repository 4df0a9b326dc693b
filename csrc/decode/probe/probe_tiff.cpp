// TIFF: the first directory (TIFF 6.0, section 2).
#include <utility>

#include "common/orientation.h"
#include "decode/probe/probe_formats.h"
#include "decode/probe/tiff_reader.h"

namespace fastpass {

// Pillow turns a TIFF by its orientation when it reads it: so is the size that is told here.
Status probe_tiff(Span encoded, ImageInfo* info) {
  constexpr std::uint32_t kWidth = 256, kHeight = 257, kOrientation = 274, kSamples = 277;
  const TiffReader tiff{encoded, encoded.data[0] == 'M'};
  const std::uint64_t directory = tiff.u32(4);
  if (directory < 8 || directory + 2 > encoded.size) {
    return corrupt("the TIFF has no directory where its header says", 4);
  }
  std::uint32_t width = 0, height = 0, orientation = 1, samples = 1;
  const std::uint32_t num_entries = tiff.u16(directory);
  for (std::uint32_t i = 0; i < num_entries; ++i) {
    const std::uint64_t entry = directory + 2 + std::uint64_t{12} * i;
    if (entry + 12 > encoded.size)
      return corrupt("the TIFF ends inside its directory", encoded.size);
    const std::uint32_t tag = tiff.u16(entry), value = tiff.value_of(entry);
    if (tag == kWidth) width = value;
    if (tag == kHeight) height = value;
    if (tag == kOrientation) orientation = value;
    if (tag == kSamples) samples = value;
  }
  if (width == 0 || height == 0 || width > 0x7FFFFFFFu || height > 0x7FFFFFFFu) {
    return corrupt("the TIFF says a size outside 1..2^31-1, or none",
                   static_cast<std::size_t>(directory));
  }
  const bool is_turned = orientation <= 8 && swaps_sides(static_cast<int>(orientation));
  if (is_turned) std::swap(width, height);
  info->format = ImageFormat::kTiff;
  info->width = static_cast<std::int32_t>(width);
  info->height = static_cast<std::int32_t>(height);
  info->num_components = samples < 1 || samples > 255 ? 1 : static_cast<std::int32_t>(samples);
  info->subsampling = samples < 3 ? Subsampling::kNone : Subsampling::kOther;
  return Status();
}

}  // namespace fastpass
