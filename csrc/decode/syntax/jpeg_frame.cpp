// Frame and scan headers: ITU-T T.81, B.2.2 and B.2.3; what is refused is what libjpeg-turbo
// refuses, and what is not 8-bit Huffman coding of 1, 3 or 4 components.
#include <algorithm>

#include "decode/syntax/jpeg_codes.h"
#include "decode/syntax/jpeg_markers.h"

namespace fastpass {
namespace {

constexpr int kMaxFactor = 4;
constexpr int kMaxLowBit = 13;

// What our decoder lacks, nullptr for nothing.
const char* unsupported_process(int marker) {
  switch (marker) {
    case kSof0:
    case kSof1:
    case kSof2:
      return nullptr;
    case 0xC3:
      return "lossless coding (SOF3)";
    case 0xC5:
    case 0xC6:
    case 0xC7:
      return "hierarchical coding (SOF5..7)";
    case 0xC8:
      return "a reserved coding process (JPG)";
    case kSof9:
      return "arithmetic coding (SOF9)";
    case kSof10:
      return "progressive arithmetic coding (SOF10)";
    case 0xCB:
      return "lossless arithmetic coding (SOF11)";
    default:
      return "hierarchical arithmetic coding (SOF13..15)";
  }
}

int divide_up(int value, int divisor) { return (value + divisor - 1) / divisor; }

bool is_factor(int factor) { return factor >= 1 && factor <= kMaxFactor; }

}  // namespace

Status MarkerReader::read_frame(int marker) {
  const auto refuse = [this](Fault fault, const std::string& message) {
    return Status(fault, message, static_cast<std::int64_t>(marker_offset_));
  };
  if (const char* process = unsupported_process(marker)) {
    return refuse(Fault::kUnsupportedImage, std::string("a JPEG with ") + process +
                                                "; baseline, extended or progressive wanted");
  }
  if (has_frame_) return corrupt("a second frame header (SOF) in one JPEG");
  const int length = read_u16();
  const int precision = read_byte();
  frame_.height = read_u16();
  frame_.width = read_u16();
  frame_.num_components = read_byte();
  frame_.is_progressive = marker == kSof2;
  const std::string size = std::to_string(frame_.width) + " x " + std::to_string(frame_.height);
  if (frame_.width == 0 || frame_.height == 0 || frame_.num_components == 0) {
    return corrupt("an empty JPEG: " + size + " pixels, " + std::to_string(frame_.num_components) +
                   " components");
  }
  if (length != 8 + 3 * frame_.num_components) {
    return corrupt("the frame header (SOF) of " + std::to_string(frame_.num_components) +
                   " components has length " + std::to_string(length) + ", " +
                   std::to_string(8 + 3 * frame_.num_components) + " wanted");
  }
  if (precision != 8) {
    return refuse(Fault::kUnsupportedImage,
                  "a JPEG of " + std::to_string(precision) + " bits per sample, 8 wanted");
  }
  if (frame_.num_components == 2 || frame_.num_components > kMaxComponents) {
    return refuse(Fault::kUnsupportedImage, "a JPEG of " + std::to_string(frame_.num_components) +
                                                " components (1, 3 or 4 are known)");
  }
  has_frame_ = true;
  return read_components();
}

Status MarkerReader::read_components() {
  frame_.max_h = frame_.max_v = 1;
  for (int i = 0; i < frame_.num_components; ++i) {
    FrameComponent& component = frame_.components[static_cast<std::size_t>(i)];
    component.id = read_byte();
    const int factors = read_byte();
    component.h = factors >> 4;
    component.v = factors & 15;
    component.quant_index = read_byte();
    if (!is_factor(component.h) || !is_factor(component.v)) {
      return corrupt("component " + std::to_string(i) + " has sampling factors " +
                     std::to_string(component.h) + " x " + std::to_string(component.v) +
                     ", 1..4 wanted");
    }
    component.v_in_file = component.v;
    if (frame_.num_components == 1) component.h = component.v = 1;
    frame_.max_h = std::max(frame_.max_h, component.h);
    frame_.max_v = std::max(frame_.max_v, component.v);
  }
  frame_.mcus_wide = divide_up(frame_.width, 8 * frame_.max_h);
  frame_.mcus_high = divide_up(frame_.height, 8 * frame_.max_v);
  for (int i = 0; i < frame_.num_components; ++i) {
    FrameComponent& component = frame_.components[static_cast<std::size_t>(i)];
    component.width_in_blocks = divide_up(frame_.width * component.h, 8 * frame_.max_h);
    component.height_in_blocks = divide_up(frame_.height * component.v, 8 * frame_.max_v);
  }
  return {};
}

Status MarkerReader::read_scan() {
  if (!has_frame_) return corrupt("a scan (SOS) before the frame header (SOF)");
  const int length = read_u16();
  const int count = read_byte();
  if (count < 1 || count > kMaxComponents || length != 6 + 2 * count) {
    return corrupt("a scan header (SOS) of " + std::to_string(count) + " components and length " +
                   std::to_string(length) + "; 1..4 and 6 + 2 each wanted");
  }
  FASTPASS_RETURN_IF_ERROR(read_scan_components(count));
  scan_.spectral_begin = read_byte();
  scan_.spectral_end = read_byte();
  const int bits = read_byte();
  scan_.high_bit = bits >> 4;
  scan_.low_bit = bits & 15;
  scan_.restart_interval = restart_interval_;
  scan_.data_offset = std::min(position_, jpeg_.size);
  if (num_scans_++ == 0) begin_first_scan();
  return check_scan();
}

// Of components with the same id, the one with the lowest index that is not below the position in
// the scan is meant: libjpeg's rule, which also refuses scans that name components in falling
// order.
Status MarkerReader::read_scan_components(int count) {
  scan_.num_components = count;
  for (int i = 0; i < count; ++i) {
    const int id = read_byte();
    const int tables = read_byte();
    int index = i;
    while (index < frame_.num_components &&
           frame_.components[static_cast<std::size_t>(index)].id != id) {
      ++index;
    }
    bool is_known = index < frame_.num_components;
    for (int k = 0; k < i; ++k) {
      is_known = is_known && scan_.components[static_cast<std::size_t>(k)].index != index;
    }
    if (!is_known) {
      return corrupt("component " + std::to_string(i) + " of a scan has id " + std::to_string(id) +
                     ": not in the frame, out of order, or twice in the scan");
    }
    scan_.components[static_cast<std::size_t>(i)] = {index, tables >> 4, tables & 15};
  }
  return {};
}

void MarkerReader::begin_first_scan() {
  is_single_scan_ = !frame_.is_progressive && scan_.num_components == frame_.num_components;
  frame_.color = color_model();
  // MJPEG frames leave their Huffman tables out; libjpeg-turbo has them ready, if not progressive.
  if (!frame_.is_progressive) install_standard_tables();
}

// The rules of libjpeg's default_decompress_parms: JFIF before Adobe before component ids.
ColorModel MarkerReader::color_model() const {
  if (frame_.num_components == 1) return ColorModel::kGray;
  if (frame_.num_components == 4) {
    return adobe_transform_ <= 0 ? ColorModel::kCmyk : ColorModel::kYcck;
  }
  if (has_jfif_) return ColorModel::kYcc;
  if (adobe_transform_ >= 0) return adobe_transform_ == 0 ? ColorModel::kRgb : ColorModel::kYcc;
  const auto& components = frame_.components;
  const bool is_rgb = components[0].id == 'R' && components[1].id == 'G' && components[2].id == 'B';
  return is_rgb ? ColorModel::kRgb : ColorModel::kYcc;
}

Status MarkerReader::check_scan() {
  if (scan_.num_components > 1) {
    int num_blocks = 0;
    for (int i = 0; i < scan_.num_components; ++i) {
      const int index = scan_.components[static_cast<std::size_t>(i)].index;
      const FrameComponent& component = frame_.components[static_cast<std::size_t>(index)];
      num_blocks += component.h * component.v;
    }
    if (num_blocks > kMaxBlocksInMcu) {
      return corrupt("a scan of " + std::to_string(num_blocks) +
                     " blocks per MCU, at most 10 wanted");
    }
  }
  FASTPASS_RETURN_IF_ERROR(latch_quant_tables());
  // Sequential scans have their parameters ignored: some encoders write zeros.
  if (frame_.is_progressive) FASTPASS_RETURN_IF_ERROR(check_progression());
  return check_scan_tables();
}

Status MarkerReader::latch_quant_tables() {
  for (int i = 0; i < scan_.num_components; ++i) {
    const int index = scan_.components[static_cast<std::size_t>(i)].index;
    FrameComponent& component = frame_.components[static_cast<std::size_t>(index)];
    if (component.quant.is_defined) continue;
    const auto table = static_cast<std::size_t>(component.quant_index);
    if (table >= quant_tables_.size() || !quant_tables_[table].is_defined) {
      return corrupt("component " + std::to_string(index) + " wants quantization table " +
                     std::to_string(component.quant_index) + ", which is not defined");
    }
    component.quant = quant_tables_[table];
  }
  return {};
}

Status MarkerReader::check_progression() const {
  const Scan& scan = scan_;
  const bool is_dc = scan.spectral_begin == 0;
  const bool is_band = is_dc ? scan.spectral_end == 0
                             : scan.spectral_begin <= scan.spectral_end && scan.spectral_end < 64 &&
                                   scan.num_components == 1;
  const bool is_refinement = scan.high_bit == 0 || scan.low_bit == scan.high_bit - 1;
  if (is_band && is_refinement && scan.low_bit <= kMaxLowBit) return {};
  return corrupt("a progressive scan of " + std::to_string(scan.num_components) +
                 " components with Ss " + std::to_string(scan.spectral_begin) + ", Se " +
                 std::to_string(scan.spectral_end) + ", Ah " + std::to_string(scan.high_bit) +
                 ", Al " + std::to_string(scan.low_bit) + ", which T.81 (G.1.1.1) rules out");
}

// Only tables that the scan reads with are looked at: others may be missing or broken.
Status MarkerReader::check_scan_tables() const {
  const bool is_dc_scan = scan_.spectral_begin == 0;
  const bool reads_dc = !frame_.is_progressive || (is_dc_scan && scan_.high_bit == 0);
  const bool reads_ac = !frame_.is_progressive || !is_dc_scan;
  for (int i = 0; i < scan_.num_components; ++i) {
    const ScanComponent& component = scan_.components[static_cast<std::size_t>(i)];
    if (reads_dc) FASTPASS_RETURN_IF_ERROR(check_huffman_table(true, component.dc_table));
    if (reads_ac) FASTPASS_RETURN_IF_ERROR(check_huffman_table(false, component.ac_table));
  }
  return {};
}

}  // namespace fastpass
