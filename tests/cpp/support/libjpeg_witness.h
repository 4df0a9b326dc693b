// libjpeg-turbo as a witness: what it says of a header, and the coefficients that it reads.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <vector>

// clang-format off: jpeglib.h needs <cstddef> and <cstdio> above it, jerror.h needs jpeglib.h.
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "common/view.h"

namespace fastpass_test {

struct WitnessErrors {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  int error_code;  // 0: none
  char message[JMSG_LENGTH_MAX];
  std::set<int>* warnings;
};

[[noreturn]] inline void on_witness_error(j_common_ptr common) {
  auto* errors = reinterpret_cast<WitnessErrors*>(common->err);
  errors->error_code = errors->base.msg_code;
  errors->base.format_message(common, errors->message);
  std::longjmp(errors->jump, 1);
}

inline void on_witness_message(j_common_ptr common, int level) {
  auto* errors = reinterpret_cast<WitnessErrors*>(common->err);
  if (level < 0) errors->warnings->insert(errors->base.msg_code);
}

// One object per image: libjpeg keeps tables from image to image.
class LibjpegWitness {
 public:
  explicit LibjpegWitness(fastpass::Span jpeg) : jpeg_(jpeg) {
    std::memset(&info_, 0, sizeof(info_));
    std::memset(&errors_, 0, sizeof(errors_));
    errors_.warnings = &warnings_;
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = on_witness_error;
    errors_.base.emit_message = on_witness_message;
    jpeg_create_decompress(&info_);
  }
  ~LibjpegWitness() { jpeg_destroy_decompress(&info_); }
  LibjpegWitness(const LibjpegWitness&) = delete;
  LibjpegWitness& operator=(const LibjpegWitness&) = delete;

  bool read_header() {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_mem_src(&info_, jpeg_.data, static_cast<unsigned long>(jpeg_.size));
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  // After read_header(): everything that is checked before the first entropy-coded byte is read.
  bool start_first_scan() {
    if (setjmp(errors_.jump) != 0) return false;
    info_.buffered_image = jpeg_has_multiple_scans(&info_);
    info_.raw_data_out = TRUE;  // no upsampling, and so none of its limits
    jpeg_start_decompress(&info_);
    return true;
  }

  // After read_header(): all scans up to EOI. Reads on where only warnings were given.
  bool read_coefficients() {
    if (setjmp(errors_.jump) != 0) return false;
    arrays_ = jpeg_read_coefficients(&info_);
    return true;
  }

  // After read_header(): all rows, and nothing behind the last one.
  bool read_rows() {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_start_decompress(&info_);
    row_.resize(std::size_t{info_.output_width} * static_cast<std::size_t>(info_.num_components));
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = row_.data();
      jpeg_read_scanlines(&info_, &row, 1);
    }
    return true;
  }

  // 64 coefficients in natural order.
  const JCOEF* block(int component, int row, int column) {
    const auto wanted = static_cast<JDIMENSION>(row);
    JBLOCKARRAY rows = info_.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&info_),
                                                     arrays_[component], wanted, 1, FALSE);
    return rows[0][column];
  }

  const jpeg_decompress_struct& info() const { return info_; }
  int error_code() const { return errors_.error_code; }
  const char* error_message() const { return errors_.message; }
  bool warned(int code) const { return warnings_.count(code) != 0; }

 private:
  fastpass::Span jpeg_;
  jpeg_decompress_struct info_;
  WitnessErrors errors_;
  std::set<int> warnings_;
  jvirt_barray_ptr* arrays_ = nullptr;
  std::vector<JSAMPLE> row_;
};

}  // namespace fastpass_test
