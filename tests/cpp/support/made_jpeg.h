// JPEGs made in memory with libjpeg-turbo, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

// clang-format off: jpeglib.h needs <cstddef> and <cstdio> above it.
#include <jpeglib.h>
// clang-format on

namespace fastpass_test {

struct MadeJpeg {
  int width = 64;
  int height = 48;
  int num_components = 3;
  std::vector<int> factors = {2, 2, 1, 1, 1, 1};  // h, v per component
  int quality = 85;
  bool is_progressive = false;  // libjpeg's standard script
  std::vector<jpeg_scan_info> scans;
  int restart_interval = 0;
  bool is_optimized = false;
  bool is_arithmetic = false;
  bool has_16_bit_quant = false;
  unsigned int seed = 1;
};

// Smooth waves and noise: all kinds of coefficients, long zero runs and large values among them.
inline std::uint8_t made_sample(int x, int y, int channel, std::mt19937* random) {
  const int wave = (x * (channel + 2) + y * 3) % 256;
  const int noise = static_cast<int>((*random)() % 64);
  const bool is_noisy = (x / 16 + y / 16) % 3 == 0;
  return static_cast<std::uint8_t>(is_noisy ? (wave + noise * 4) % 256 : wave / 2 + 60);
}

inline std::vector<std::uint8_t> make_jpeg(const MadeJpeg& made) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  errors.emit_message = [](j_common_ptr, int) {};  // it warns of 16-bit tables
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(made.width);
  info.image_height = static_cast<JDIMENSION>(made.height);
  info.input_components = made.num_components;
  info.in_color_space = made.num_components == 1   ? JCS_GRAYSCALE
                        : made.num_components == 3 ? JCS_RGB
                                                   : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, made.quality, made.has_16_bit_quant ? FALSE : TRUE);
  for (int i = 0; i < made.num_components; ++i) {
    const auto at = 2 * static_cast<std::size_t>(i);
    info.comp_info[i].h_samp_factor = at < made.factors.size() ? made.factors[at] : 1;
    info.comp_info[i].v_samp_factor = at < made.factors.size() ? made.factors[at + 1] : 1;
  }
  info.restart_interval = static_cast<unsigned int>(made.restart_interval);
  info.optimize_coding = made.is_optimized ? TRUE : FALSE;
  info.arith_code = made.is_arithmetic ? TRUE : FALSE;
  if (made.is_progressive) jpeg_simple_progression(&info);
  if (!made.scans.empty()) {
    info.scan_info = made.scans.data();
    info.num_scans = static_cast<int>(made.scans.size());
  }
  jpeg_start_compress(&info, TRUE);
  std::mt19937 random(made.seed);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(made.width * made.num_components));
  for (int y = 0; y < made.height; ++y) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const int x = static_cast<int>(i) / made.num_components;
      row[i] = made_sample(x, y, static_cast<int>(i) % made.num_components, &random);
    }
    JSAMPROW rows = row.data();
    jpeg_write_scanlines(&info, &rows, 1);
  }
  jpeg_finish_compress(&info);
  const std::vector<std::uint8_t> jpeg(buffer, buffer + size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return jpeg;
}

}  // namespace fastpass_test
