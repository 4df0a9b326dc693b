// JPEGs of the kinds that no Python encoder writes, for `python -m benchmarks.decode --choice`.
#include <csetjmp>
#include <cstdio>
#include <cstdlib>

// clang-format off: jpeglib.h needs <cstdio> above it.
#include <jpeglib.h>
// clang-format on

#include <cstdint>

namespace {

struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf jump;
};

[[noreturn]] void on_error(j_common_ptr common) {
  std::longjmp(reinterpret_cast<ErrorManager*>(common->err)->jump, 1);
}

}  // namespace

extern "C" {

struct EncodeKind {
  std::int32_t num_components;  // 1: the first channel; 3: YCbCr
  std::int32_t h;               // sampling factors of luma; chroma has 1 x 1
  std::int32_t v;
  std::int32_t quality;
  std::int32_t is_progressive;
  std::int32_t is_arithmetic;
  std::int32_t has_scan_per_component;
};

// Encodes RGB rows without padding. 0 on failure, else the bytes' number; the caller frees them
// with free_encoded.
unsigned long encode_kind(const std::uint8_t* rgb, std::int32_t height, std::int32_t width,
                          const EncodeKind* kind, unsigned char** encoded) {
  jpeg_compress_struct info;
  ErrorManager errors;
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = on_error;
  unsigned long size = 0;
  *encoded = nullptr;
  if (setjmp(errors.jump) != 0) {
    jpeg_destroy_compress(&info);
    return 0;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, encoded, &size);
  info.image_height = static_cast<JDIMENSION>(height);
  info.image_width = static_cast<JDIMENSION>(width);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  if (kind->num_components == 1) jpeg_set_colorspace(&info, JCS_GRAYSCALE);
  jpeg_set_quality(&info, kind->quality, TRUE);
  info.comp_info[0].h_samp_factor = kind->h;
  info.comp_info[0].v_samp_factor = kind->v;
  info.arith_code = kind->is_arithmetic ? TRUE : FALSE;
  const jpeg_scan_info scans[3] = {
      {1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
  if (kind->has_scan_per_component) {
    info.scan_info = scans;
    info.num_scans = kind->num_components;
  }
  if (kind->is_progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPLE*>(rgb + std::size_t{3} * info.next_scanline * info.image_width);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return size;
}

void free_encoded(unsigned char* encoded) { std::free(encoded); }
}
