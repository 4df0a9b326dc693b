#include "plugins/calls.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "common/fault_name.h"

namespace fastpass {
namespace {

// Copies what fits, and never half a character of UTF-8.
template <std::size_t size>
void copy_text(std::string_view text, char (&target)[size]) {
  std::size_t length = std::min(text.size(), size - 1);
  while (length < text.size() && length > 0 && (text[length] & 0xC0) == 0x80) --length;
  std::memcpy(target, text.data(), length);
  target[length] = '\0';
}

}  // namespace

std::int32_t tell(const Status& status, fastpass_report* report) {
  report->fault = static_cast<std::int32_t>(status.fault());
  report->byte_offset = status.byte_offset();
  copy_text(status.ok() ? "" : exception_name(status.fault()), report->name);
  copy_text(status.message(), report->message);
  return report->fault;
}

PluginImage image_of(const fastpass_image& image) {
  return {{image.bytes, static_cast<std::size_t>(image.num_bytes)},
          {image.seek_index, static_cast<std::size_t>(image.num_index_bytes)}};
}

DrawKey key_of(const fastpass_key& key) {
  return {key.seed, static_cast<std::uint64_t>(key.sample_id), key.epoch, 0};
}

Status read_region(const fastpass_region& region, DecodeOptions* options) {
  const int scale = region.scale_denominator;
  if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
    return {Fault::kBadArgument,
            "scale_denominator = " + std::to_string(scale) + ", wanted 1, 2, 4 or 8"};
  }
  options->scale_denominator = scale;
  if (region.height != 0) {
    options->crop = CropBox{region.top, region.left, region.height, region.width};
  }
  return {};
}

}  // namespace fastpass
