// JPEGs made in memory from given coefficients, and libjpeg-turbo's own pixels of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

// clang-format off: jpeglib.h needs <cstddef> and <cstdio> above it.
#include <jpeglib.h>
// clang-format on

#include "decode/syntax/frame.h"

namespace fastpass_test {

using fastpass::ColorModel;
using fastpass::Frame;
using fastpass::FrameComponent;

inline int divide_up(int a, int b) { return (a + b - 1) / b; }

struct SamplingFactors {
  int h, v;
};

// A frame as the marker reader would give it (but for one component's factors, see frame.h).
inline Frame make_frame(int width, int height, ColorModel color,
                        const std::vector<SamplingFactors>& factors) {
  Frame frame;
  frame.width = width;
  frame.height = height;
  frame.color = color;
  frame.num_components = static_cast<int>(factors.size());
  for (std::size_t c = 0; c < factors.size(); ++c) {
    frame.components[c].h = factors[c].h;
    frame.components[c].v = factors[c].v;
    frame.components[c].quant_index = static_cast<int>(c);
    if (factors[c].h > frame.max_h) frame.max_h = factors[c].h;
    if (factors[c].v > frame.max_v) frame.max_v = factors[c].v;
  }
  frame.mcus_wide = divide_up(width, 8 * frame.max_h);
  frame.mcus_high = divide_up(height, 8 * frame.max_v);
  for (std::size_t c = 0; c < factors.size(); ++c) {
    FrameComponent& component = frame.components[c];
    component.width_in_blocks = divide_up(width * component.h, 8 * frame.max_h);
    component.height_in_blocks = divide_up(height * component.v, 8 * frame.max_v);
  }
  return frame;
}

// Coefficients of a frame, natural order; whole MCUs, what lies past the image included.
struct Coefficients {
  int blocks_wide[4] = {};
  int blocks_high[4] = {};
  std::vector<std::int16_t> blocks[4];

  explicit Coefficients(const Frame& frame) {
    for (int c = 0; c < frame.num_components; ++c) {
      const FrameComponent& component = frame.components[static_cast<std::size_t>(c)];
      blocks_wide[c] = frame.mcus_wide * component.h;
      blocks_high[c] = frame.mcus_high * component.v;
      blocks[c].resize(static_cast<std::size_t>(blocks_wide[c] * blocks_high[c]) * 64);
    }
  }
  std::int16_t* block(int component, int row, int column) {
    return &blocks[component][static_cast<std::size_t>(row * blocks_wide[component] + column) * 64];
  }
};

inline J_COLOR_SPACE color_space(ColorModel color) {
  switch (color) {
    case ColorModel::kGray:
      return JCS_GRAYSCALE;
    case ColorModel::kYcc:
      return JCS_YCbCr;
    case ColorModel::kRgb:
      return JCS_RGB;
    case ColorModel::kCmyk:
      return JCS_CMYK;
    case ColorModel::kYcck:
      return JCS_YCCK;
  }
  return JCS_UNKNOWN;
}

inline std::vector<std::uint8_t> encode(const Frame& frame, Coefficients& coefficients) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(frame.width);
  info.image_height = static_cast<JDIMENSION>(frame.height);
  info.input_components = frame.num_components;
  info.in_color_space = color_space(frame.color);
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, color_space(frame.color));
  jpeg_scan_info scans[4] = {};
  jvirt_barray_ptr arrays[4];
  for (int c = 0; c < frame.num_components; ++c) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(c)];
    jpeg_component_info& target = info.comp_info[c];
    target.h_samp_factor = component.h;
    target.v_samp_factor = component.v;
    target.quant_tbl_no = c;
    if (info.quant_tbl_ptrs[c] == nullptr)
      info.quant_tbl_ptrs[c] = jpeg_alloc_quant_table(reinterpret_cast<j_common_ptr>(&info));
    for (std::size_t i = 0; i < 64; ++i)
      info.quant_tbl_ptrs[c]->quantval[i] = component.quant.steps[i];
    // One scan per component: then any sampling factors go.
    scans[c] = {1, {c}, 0, 63, 0, 0};
    arrays[c] = info.mem->request_virt_barray(
        reinterpret_cast<j_common_ptr>(&info), JPOOL_IMAGE, TRUE,
        static_cast<JDIMENSION>(coefficients.blocks_wide[c]),
        static_cast<JDIMENSION>(coefficients.blocks_high[c]), static_cast<JDIMENSION>(component.v));
  }
  info.scan_info = scans;
  info.num_scans = frame.num_components;
  info.optimize_coding = TRUE;
  info.mem->realize_virt_arrays(reinterpret_cast<j_common_ptr>(&info));
  for (int c = 0; c < frame.num_components; ++c) {
    for (int row = 0; row < coefficients.blocks_high[c]; ++row) {
      JBLOCKARRAY target = info.mem->access_virt_barray(
          reinterpret_cast<j_common_ptr>(&info), arrays[c], static_cast<JDIMENSION>(row), 1, TRUE);
      std::memcpy(target[0], coefficients.block(c, row, 0),
                  static_cast<std::size_t>(coefficients.blocks_wide[c]) * sizeof(JBLOCK));
    }
  }
  jpeg_write_coefficients(&info, arrays);
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::vector<std::uint8_t> jpeg(memory, memory + size);
  std::free(memory);
  return jpeg;
}

struct Pixels {
  int width = 0;
  int height = 0;
  int channels = 0;  // 3, or 4 (CMYK)
  std::vector<std::uint8_t> bytes;
};

[[noreturn]] inline void throw_error_code(j_common_ptr info) { throw info->err->msg_code; }

// Throws libjpeg's message code (an int) where the library refuses the file.
inline Pixels decode(const std::vector<std::uint8_t>& jpeg, int scale_denominator) {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  errors.error_exit = throw_error_code;
  struct Destroyer {
    jpeg_decompress_struct* info;
    ~Destroyer() { jpeg_destroy_decompress(info); }
  } destroyer{&info};
  jpeg_mem_src(&info, jpeg.data(), static_cast<unsigned long>(jpeg.size()));
  jpeg_read_header(&info, TRUE);
  info.out_color_space = info.num_components == 4 ? JCS_CMYK : JCS_RGB;
  info.scale_num = 1;
  info.scale_denom = static_cast<unsigned int>(scale_denominator);
  jpeg_start_decompress(&info);
  Pixels pixels;
  pixels.width = static_cast<int>(info.output_width);
  pixels.height = static_cast<int>(info.output_height);
  pixels.channels = info.output_components;
  const std::size_t row_bytes = static_cast<std::size_t>(pixels.width * pixels.channels);
  pixels.bytes.resize(row_bytes * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels.bytes.data() + row_bytes * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  return pixels;
}

}  // namespace fastpass_test
