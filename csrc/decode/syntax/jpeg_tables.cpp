// DQT, DHT and DAC segments (ITU-T T.81, B.2.4) and the standard Huffman tables of its annex K.
#include <algorithm>

#include "decode/syntax/jpeg_markers.h"

namespace fastpass {
namespace {

constexpr int kNumTables = 4;

// Position in the zigzag sequence -> row * 8 + column (T.81, figure A.6).
constexpr std::uint8_t kNaturalOrder[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// table K.3
const HuffmanSpec kLuminanceDc = {
    true,
    {{0, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0}},
    {{0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B}}};

// table K.4
const HuffmanSpec kChrominanceDc = {
    true,
    {{0, 0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}},
    {{0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B}}};

// table K.5
const HuffmanSpec kLuminanceAc = {
    true,
    {{0, 0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125}},
    {{0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61,
      0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52,
      0xD1, 0xF0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25,
      0x26, 0x27, 0x28, 0x29, 0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45,
      0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64,
      0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83,
      0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
      0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6,
      0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3,
      0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8,
      0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA}}};

// table K.6
const HuffmanSpec kChrominanceAc = {
    true,
    {{0, 0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119}},
    {{0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61,
      0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33,
      0x52, 0xF0, 0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18,
      0x19, 0x1A, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44,
      0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63,
      0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A,
      0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97,
      0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4,
      0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA,
      0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7,
      0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA}}};

}  // namespace

Status MarkerReader::read_quant_tables() {
  int length = read_u16() - 2;
  while (length > 0) {
    const int index_and_precision = read_byte();
    const bool is_16_bit = index_and_precision >> 4 != 0;
    const int index = index_and_precision & 15;
    if (index >= kNumTables) {
      return corrupt("quantization table " + std::to_string(index) + " defined, 0..3 wanted");
    }
    const int wanted = is_16_bit ? 129 : 65;
    if (length < wanted) {
      return corrupt("a quantization table (DQT) of " + std::to_string(length) + " bytes, " +
                     std::to_string(wanted) + " wanted");
    }
    QuantTable& table = quant_tables_[static_cast<std::size_t>(index)];
    table.is_defined = true;
    for (const std::uint8_t natural : kNaturalOrder) {
      table.steps[natural] = static_cast<std::uint16_t>(is_16_bit ? read_u16() : read_byte());
    }
    length -= wanted;
  }
  if (length == 0) return {};
  return corrupt("quantization tables (DQT) of a length below 2");
}

Status MarkerReader::read_huffman_tables() {
  int length = read_u16() - 2;
  while (length > 16) {
    const int index = read_byte();
    HuffmanSpec spec;
    spec.is_defined = true;
    int num_values = 0;
    for (std::size_t bits = 1; bits <= 16; ++bits) {
      spec.counts[bits] = static_cast<std::uint8_t>(read_byte());
      num_values += spec.counts[bits];
    }
    length -= 17;
    if (num_values > 256 || num_values > length) {
      return corrupt("a Huffman table (DHT) of " + std::to_string(num_values) +
                     " codes in a segment with " + std::to_string(length) +
                     " bytes left; at most 256, all in the segment, wanted");
    }
    for (int i = 0; i < num_values; ++i) {
      spec.values[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(read_byte());
    }
    length -= num_values;
    const bool is_ac = (index & 0x10) != 0;
    const int table = is_ac ? index - 0x10 : index;
    if (table >= kNumTables) {
      return corrupt("Huffman table " + std::to_string(index) + " defined, 0..3 or 16..19 wanted");
    }
    (is_ac ? ac_specs_ : dc_specs_)[static_cast<std::size_t>(table)] = spec;
  }
  if (length == 0) return {};
  return corrupt("Huffman tables (DHT) with " + std::to_string(length) +
                 " bytes left over, none wanted");
}

// For arithmetic decoding only; a broken one is refused as libjpeg-turbo refuses it.
Status MarkerReader::read_arithmetic_conditioning() {
  int length = read_u16() - 2;
  for (; length > 0; length -= 2) {
    const int index = read_byte();
    const int value = read_byte();
    const bool is_dc = index < 16;
    if (index >= 32 || (is_dc && (value & 15) > value >> 4)) {
      return corrupt("arithmetic conditioning (DAC) " + std::to_string(index) + " is " +
                     std::to_string(value) + ", which T.81 (B.2.4.3) rules out");
    }
  }
  if (length == 0) return {};
  return corrupt("arithmetic conditioning (DAC) of odd length");
}

void MarkerReader::install_standard_tables() {
  const auto install = [](const HuffmanSpec& standard, HuffmanSpec* spec) {
    if (!spec->is_defined) *spec = standard;
  };
  install(kLuminanceDc, &dc_specs_[0]);
  install(kLuminanceAc, &ac_specs_[0]);
  install(kChrominanceDc, &dc_specs_[1]);
  install(kChrominanceAc, &ac_specs_[1]);
}

Status MarkerReader::check_huffman_table(bool is_dc, int index) const {
  // Named where it is to be blamed only: this runs for every scan.
  const auto table = [&] {
    return std::string(is_dc ? "DC" : "AC") + " Huffman table " + std::to_string(index);
  };
  const auto& specs = is_dc ? dc_specs_ : ac_specs_;
  if (index >= kNumTables || !specs[static_cast<std::size_t>(index)].is_defined) {
    return corrupt("a scan wants " + table() + ", which is not defined");
  }
  const HuffmanSpec& spec = specs[static_cast<std::size_t>(index)];
  int code = 0;
  int num_values = 0;
  for (std::size_t bits = 1; bits <= 16; ++bits) {
    code = 2 * code + spec.counts[bits];
    num_values += spec.counts[bits];
    // All ones is no code of any length (T.81, C.2).
    if (spec.counts[bits] != 0 && code >= 1 << bits) {
      return corrupt(table() + " has too many codes of up to " + std::to_string(bits) + " bits");
    }
  }
  if (!is_dc) return {};
  const auto* end = spec.values.data() + num_values;
  const auto* wrong = std::find_if(spec.values.data(), end, [](int value) { return value > 15; });
  if (wrong == end) return {};
  return corrupt(table() + " has the symbol " + std::to_string(*wrong) + ", 0..15 wanted");
}

}  // namespace fastpass
