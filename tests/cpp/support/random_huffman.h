// Huffman codes for tests: random ones of every shape, and those of T.81, annex K.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

// clang-format off: jpeglib.h needs <cstddef> and <cstdio> above it.
#include <jpeglib.h>
// clang-format on

#include "decode/syntax/frame.h"

namespace fastpass_test {

inline std::uint8_t random_dc_symbol(std::mt19937* random) {
  return static_cast<std::uint8_t>((*random)() % 16);
}

// Mostly what photos have: EOB, ZRL, short runs of small values; now and then anything.
inline std::uint8_t random_ac_symbol(std::mt19937* random) {
  const unsigned kind = (*random)() % 8;
  if (kind == 0) return 0x00;
  if (kind == 1) return 0xF0;
  if (kind < 4) return static_cast<std::uint8_t>((*random)() % 256);
  return static_cast<std::uint8_t>((*random)() % 4 << 4 | (1 + (*random)() % 4));
}

// Gives out codes from the shortest to the longest; `shortest` 1..16. Where `is_complete`, the
// all-ones code of 16 bits is the only one that may stay free.
inline fastpass::HuffmanSpec random_spec(std::mt19937* random, int shortest, bool is_complete,
                                         std::uint8_t (*symbol)(std::mt19937*)) {
  fastpass::HuffmanSpec spec;
  spec.is_defined = true;
  std::uint32_t room = 1;  // codes of this length that are free
  std::size_t num_symbols = 0;
  for (int length = 1; length <= 16; ++length) {
    room *= 2;
    if (length < shortest) continue;
    std::uint32_t wanted = length < 5 ? (*random)() % 3 : (*random)() % 20;
    if (is_complete && length == 16) wanted = 256;
    // One code is kept back, so that longer ones have a place.
    const std::uint32_t most = length == 16 && is_complete ? room : room - 1;
    if (wanted > most) wanted = most;
    if (wanted > 256 - num_symbols) wanted = static_cast<std::uint32_t>(256 - num_symbols);
    if (wanted > 255) wanted = 255;
    spec.counts[static_cast<std::size_t>(length)] = static_cast<std::uint8_t>(wanted);
    room -= wanted;
    for (; wanted > 0; --wanted) spec.values[num_symbols++] = symbol(random);
  }
  return spec;
}

// Codes of these lengths and no others, symbol by symbol.
inline fastpass::HuffmanSpec spec_of(const std::vector<int>& lengths,
                                     const std::vector<std::uint8_t>& symbols) {
  fastpass::HuffmanSpec spec;
  spec.is_defined = true;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    ++spec.counts[static_cast<std::size_t>(lengths[i])];
    spec.values[i] = symbols[i];
  }
  return spec;
}

// libjpeg's copies of the tables of annex K.
struct StandardSpecs {
  std::array<fastpass::HuffmanSpec, 2> dc;  // luminance, chrominance
  std::array<fastpass::HuffmanSpec, 2> ac;
};

inline StandardSpecs standard_specs() {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  info.in_color_space = JCS_RGB;
  info.input_components = 3;
  jpeg_set_defaults(&info);
  StandardSpecs specs;
  const auto copy = [](const JHUFF_TBL& from, fastpass::HuffmanSpec* to) {
    to->is_defined = true;
    for (std::size_t i = 0; i < 17; ++i) to->counts[i] = from.bits[i];
    for (std::size_t i = 0; i < 256; ++i) to->values[i] = from.huffval[i];
  };
  for (std::size_t i = 0; i < 2; ++i) {
    copy(*info.dc_huff_tbl_ptrs[i], &specs.dc[i]);
    copy(*info.ac_huff_tbl_ptrs[i], &specs.ac[i]);
  }
  jpeg_destroy_compress(&info);
  return specs;
}

}  // namespace fastpass_test
