#include "decode/seek_scan.h"

#include <memory>
#include <new>

#include "decode/decoder.h"
#include "decode/entropy/scan_reader.h"
#include "decode/image_checks.h"
#include "decode/seek/seek_index.h"
#include "decode/syntax/jpeg_markers.h"

namespace fastpass {
namespace {

constexpr std::size_t kMostBytesKept = std::size_t{4} << 20;

bool can_have_index(const MarkerReader& markers, Span jpeg) {
  const Frame& frame = markers.frame();
  const FrameComponent& first = frame.components[0];
  const std::int64_t num_blocks = std::int64_t{first.width_in_blocks} * first.height_in_blocks;
  return markers.is_single_scan() && markers.damage().ok() &&
         check_pixel_budget(frame.width, frame.height, kDefaultMaxPixels).ok() &&
         check_data_size(frame.width, frame.height, num_blocks, jpeg.size).ok();
}

// The state before every MCU; empty where the data is damaged.
Status scan_states(const MarkerReader& markers, Span jpeg, std::vector<SeekEntry>* states) {
  const Frame& frame = markers.frame();
  // Kept between files, most of which have the same tables.
  thread_local std::unique_ptr<ScanReader> kept;
  if (!kept || kept->bytes_held() > kMostBytesKept) kept = std::make_unique<ScanReader>();
  ScanReader& reader = *kept;
  FASTPASS_RETURN_IF_ERROR(reader.open(markers, jpeg));
  FASTPASS_RETURN_IF_ERROR(reader.enter(jpeg.size));
  states->resize(static_cast<std::size_t>(frame.mcus_wide) *
                 static_cast<std::size_t>(frame.mcus_high));
  for (SeekEntry& state : *states) {
    FASTPASS_RETURN_IF_ERROR(reader.locate(&state));
    FASTPASS_RETURN_IF_ERROR(reader.skip(1));
  }
  return {};
}

}  // namespace

Status build_seek_index(Span jpeg, std::vector<std::uint8_t>* index) {
  index->clear();
  try {
    MarkerReader markers;
    if (!markers.open(jpeg).ok() || !can_have_index(markers, jpeg)) return {};
    std::vector<SeekEntry> states;
    const Status status = scan_states(markers, jpeg, &states);
    if (status.fault() == Fault::kCorruptImage) return {};
    FASTPASS_RETURN_IF_ERROR(status);
    *index = serialize_seek_index(jpeg, states);
    return {};
  } catch (const std::bad_alloc&) {
    return {Fault::kOutOfMemory, "no memory for the decoder's states of one JPEG"};
  }
}

}  // namespace fastpass
