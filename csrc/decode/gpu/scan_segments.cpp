#include "decode/gpu/scan_segments.h"

#include <algorithm>
#include <cstring>

#include "decode/gpu/gpu_scan.h"

namespace fastpass {
namespace {

// Of the first FF of a marker, or of FF FF ..., from `at` on; the size where there is none.
std::size_t find_marker(Span data, std::size_t at) {
  while (at < data.size) {
    const void* found = std::memchr(data.data + at, 0xFF, data.size - at);
    if (found == nullptr) return data.size;
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data.data);
    if (at + 1 >= data.size || data.data[at + 1] != 0) return at;
    at += 2;
  }
  return data.size;
}

}  // namespace

bool find_scan_segments(Span data, int restart_interval, int num_mcus,
                        std::vector<ScanSegment>* segments) {
  segments->clear();
  const int interval = restart_interval == 0 ? num_mcus : restart_interval;
  std::size_t begin = 0;
  for (int mcu = 0; mcu < num_mcus; mcu += interval) {
    ScanSegment segment;
    segment.begin = static_cast<std::uint32_t>(begin);
    segment.first_mcu = mcu;
    segment.num_mcus = std::min(interval, num_mcus - mcu);
    // The last segment's end need not be searched: lanes notice it when they read it.
    std::size_t end = restart_interval == 0 ? data.size : find_marker(data, begin);
    segment.end = static_cast<std::uint32_t>(end);
    segments->push_back(segment);
    if (mcu + interval >= num_mcus) break;
    while (end < data.size && data.data[end] == 0xFF) ++end;
    const int expected = 0xD0 + mcu / interval % 8;
    if (end >= data.size || data.data[end] != expected) return false;
    begin = end + 1;
    if (begin >= data.size) return false;
  }
  return true;
}

int number_scan_parts(std::vector<ScanSegment>* segments) {
  int num_parts = 0;
  for (ScanSegment& segment : *segments) {
    segment.first_part = num_parts;
    const std::uint32_t size = segment.end - segment.begin;
    num_parts += std::max(1, static_cast<int>((size + kPartBytes - 1) / kPartBytes));
  }
  return num_parts;
}

}  // namespace fastpass
