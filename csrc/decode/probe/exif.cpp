#include "decode/probe/exif.h"

#include "decode/probe/tiff_reader.h"

namespace fastpass {
std::uint8_t read_exif_orientation(Span tiff) {
  constexpr std::uint32_t kOrientationTag = 0x0112, kTypeShort = 3;
  if (tiff.size < 8 || tiff.data[0] != tiff.data[1]) return 1;
  if (tiff.data[0] != 'I' && tiff.data[0] != 'M') return 1;
  const TiffReader reader{tiff, tiff.data[0] == 'M'};
  if (reader.u16(2) != 42) return 1;
  const std::uint64_t directory = reader.u32(4);
  const std::uint32_t num_entries = reader.u16(directory);
  for (std::uint32_t i = 0; i < num_entries; ++i) {
    const std::uint64_t entry = directory + 2 + std::uint64_t{12} * i;
    if (entry + 12 > tiff.size) return 1;
    if (reader.u16(entry) != kOrientationTag) continue;
    const std::uint32_t value = reader.u16(entry + 8);
    const bool is_valid = reader.u16(entry + 2) == kTypeShort && value >= 1 && value <= 8;
    return is_valid ? static_cast<std::uint8_t>(value) : 1;
  }
  return 1;
}

}  // namespace fastpass
