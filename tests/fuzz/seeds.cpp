#include "seeds.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>

// clang-format off: jpeglib.h needs <cstdio> above it.
#include <jpeglib.h>
// clang-format on

namespace fastpass_fuzz {
namespace {

struct Kind {
  int num_components;
  int h, v;  // of the first component; the others have 1 x 1
  bool is_progressive;
  bool is_arithmetic;
  int restart_interval;
  int quality;
};

void write_rows(jpeg_compress_struct* info, int num_components) {
  std::uint8_t row[4 * 64];
  std::uint32_t noise = 1;
  JSAMPROW rows[1] = {row};
  while (info->next_scanline < info->image_height) {
    for (JDIMENSION x = 0; x < info->image_width * static_cast<JDIMENSION>(num_components); ++x) {
      noise = noise * 1664525u + 1013904223u;
      row[x] = static_cast<std::uint8_t>(x * 3 + info->next_scanline * 5 + (noise >> 27));
    }
    jpeg_write_scanlines(info, rows, 1);
  }
}

Bytes encode(const Kind& kind, int height, int width) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;  // whose default ends the program: the seeds are valid
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_height = static_cast<JDIMENSION>(height);
  info.image_width = static_cast<JDIMENSION>(width);
  info.input_components = kind.num_components;
  constexpr J_COLOR_SPACE kSpaces[] = {JCS_GRAYSCALE, JCS_UNKNOWN, JCS_RGB, JCS_CMYK};
  info.in_color_space = kSpaces[kind.num_components - 1];
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, kind.quality, TRUE);
  info.comp_info[0].h_samp_factor = kind.h;
  info.comp_info[0].v_samp_factor = kind.v;
  if (kind.is_progressive) jpeg_simple_progression(&info);
  info.arith_code = kind.is_arithmetic ? TRUE : FALSE;
  info.restart_interval = static_cast<unsigned int>(kind.restart_interval);
  jpeg_start_compress(&info, TRUE);
  write_rows(&info, kind.num_components);
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  Bytes bytes(buffer, buffer + size);
  std::free(buffer);
  return bytes;
}

}  // namespace

std::vector<Bytes> make_seeds() {
  std::vector<Bytes> seeds;
  constexpr int kFactors[][2] = {{1, 1}, {2, 1}, {2, 2}, {1, 2}, {4, 1}};
  for (const int num_components : {1, 3, 4}) {
    for (const auto& factors : kFactors) {
      if (num_components == 1 && factors[0] * factors[1] > 1) continue;
      for (const int variant : {0, 1, 2, 3, 4, 5}) {
        const Kind kind{num_components,
                        factors[0],
                        factors[1],
                        variant == 1 || variant == 2,
                        variant == 5,
                        variant == 2 || variant == 3 ? 2 : 0,
                        variant == 4 ? 100 : 70};
        seeds.push_back(encode(kind, 33, 47));
      }
    }
  }
  return seeds;
}

}  // namespace fastpass_fuzz
