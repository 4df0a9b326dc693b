// What the marker segments of a JPEG say (ITU-T T.81, annex B), as plain data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "decode/syntax/color_model.h"

namespace fastpass {

// A Huffman table as DHT tells it.
struct HuffmanSpec {
  bool is_defined = false;
  std::array<std::uint8_t, 17> counts{};   // [length]: codes of 1..16 bits
  std::array<std::uint8_t, 256> values{};  // in order of increasing code
};

// The steps by which coefficients were divided, as DQT tells them.
struct QuantTable {
  bool is_defined = false;
  std::array<std::uint16_t, 64> steps{};  // natural order: row * 8 + column
};

// A frame of one component has h = v = 1 whatever its header says: its scans are not interleaved,
// so that an MCU is one block (T.81, A.2.2), and the factors change nothing else.
struct FrameComponent {
  int id = 0;
  // Sampling factors, 1..4. A frame of one component says 1 x 1 whatever its file says: its MCU is
  // one block (T.81, A.2.2), and the image has the same size.
  int h = 1;
  int v = 1;
  int v_in_file = 1;  // what the file says, also of one component
  int quant_index = 0;
  QuantTable quant;         // as it stood at the component's first scan
  int width_in_blocks = 0;  // the blocks that hold pixels; an interleaved scan pads to whole MCUs
  int height_in_blocks = 0;
};

// The frame header (SOF): what holds for the whole image.
struct Frame {
  int width = 0;
  int height = 0;
  int num_components = 0;
  std::array<FrameComponent, kMaxComponents> components;
  int max_h = 1;
  int max_v = 1;
  int mcus_wide = 0;  // of an interleaved scan of all components
  int mcus_high = 0;
  bool is_progressive = false;
  ColorModel color = ColorModel::kYcc;
};

// A component that a scan holds, and the tables it is coded with.
struct ScanComponent {
  int index = 0;  // in Frame::components
  int dc_table = 0;
  int ac_table = 0;
};

// A scan header (SOS).
struct Scan {
  int num_components = 0;
  std::array<ScanComponent, kMaxComponents> components;
  int spectral_begin = 0;
  int spectral_end = 63;
  int high_bit = 0;  // successive approximation: Ah and Al of T.81
  int low_bit = 0;
  int restart_interval = 0;     // in MCUs of this scan; 0: none
  std::size_t data_offset = 0;  // of the first entropy-coded byte in the file; at most its size
};

}  // namespace fastpass
