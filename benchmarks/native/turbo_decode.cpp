// libjpeg-turbo through its own C API, used as well as it allows: objects and output reused, rows
// straight into the output, nothing decoded below a crop. Loaded by turbo_decode.py.
#include <dlfcn.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// clang-format off: jpeglib.h needs <cstdio> above it.
#include <jpeglib.h>
// clang-format on

#include "benchmarks/native/decode_job.h"
#include "common/xxhash64.h"

namespace {

enum class Way : std::int32_t { kWholeImage = 0, kCropAndSkip = 1 };

struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf jump;
};

[[noreturn]] void on_error(j_common_ptr common) {
  std::longjmp(reinterpret_cast<ErrorManager*>(common->err)->jump, 1);
}

void on_message(j_common_ptr, int) {}

class TurboLoop {
 public:
  TurboLoop() {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = on_error;
    errors_.base.emit_message = on_message;
    if (setjmp(errors_.jump) == 0) jpeg_create_decompress(&info_);
  }

  bool decode(const DecodeJob& job, Way way) {
    if (setjmp(errors_.jump) != 0) {
      errors_.base.format_message(reinterpret_cast<j_common_ptr>(&info_), message_);
      jpeg_abort_decompress(&info_);
      return false;
    }
    jpeg_mem_src(&info_, job.jpeg, static_cast<unsigned long>(job.jpeg_size));
    jpeg_read_header(&info_, TRUE);
    info_.out_color_space = JCS_RGB;
    info_.scale_num = 1;
    info_.scale_denom = static_cast<unsigned int>(job.scale_denominator);
    jpeg_start_decompress(&info_);
    left_ = 0;
    top_ = 0;
    JDIMENSION end = info_.output_height;
    if (way == Way::kCropAndSkip) {
      JDIMENSION left = static_cast<JDIMENSION>(job.left);
      JDIMENSION width = static_cast<JDIMENSION>(job.width);
      if (width < info_.output_width)
        jpeg_crop_scanline(&info_, &left, &width);  // widens to blocks
      left_ = static_cast<int>(left);
      top_ = job.top;
      end = static_cast<JDIMENSION>(job.top + job.height);
    }
    if (!reserve(end - static_cast<JDIMENSION>(top_))) return false;
    if (top_ > 0) jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(top_));
    read_rows(end);
    if (end < info_.output_height) {
      jpeg_abort_decompress(&info_);
    } else {
      jpeg_finish_decompress(&info_);
    }
    return true;
  }

  // XXH64 of exactly the region wanted.
  std::uint64_t digest(const DecodeJob& job) {
    const bool is_whole = job.height == 0;
    const int height = is_whole ? rows_ : job.height;
    const int width = is_whole ? static_cast<int>(stride_ / 3) : job.width;
    const int top = is_whole ? 0 : job.top - top_;
    const int left = is_whole ? 0 : job.left - left_;
    const std::size_t row_bytes = std::size_t{3} * static_cast<std::size_t>(width);
    auto* region = static_cast<std::uint8_t*>(std::malloc(row_bytes * std::max(height, 1)));
    for (int y = 0; y < height; ++y) {
      const std::size_t offset = static_cast<std::size_t>(top + y) * stride_;
      std::memcpy(region + static_cast<std::size_t>(y) * row_bytes,
                  pixels_ + offset + 3 * static_cast<std::size_t>(left), row_bytes);
    }
    const std::uint64_t hash =
        fastpass::xxhash64({region, row_bytes * static_cast<std::size_t>(height)});
    std::free(region);
    return hash;
  }

  const char* message() const { return message_; }

 private:
  bool reserve(JDIMENSION rows) {
    stride_ = std::size_t{3} * info_.output_width;
    rows_ = static_cast<int>(rows);
    const std::size_t wanted = stride_ * rows;
    if (wanted > capacity_) {
      std::free(pixels_);
      pixels_ = static_cast<std::uint8_t*>(std::malloc(wanted));
      capacity_ = pixels_ == nullptr ? 0 : wanted;
    }
    return wanted <= capacity_;
  }

  void read_rows(JDIMENSION end) {
    constexpr int kRowsPerCall = 16;
    JSAMPROW rows[kRowsPerCall];
    while (info_.output_scanline < end) {
      const auto first = info_.output_scanline - static_cast<JDIMENSION>(top_);
      const auto count = std::min<JDIMENSION>(kRowsPerCall, end - info_.output_scanline);
      for (JDIMENSION i = 0; i < count; ++i) rows[i] = pixels_ + (first + i) * stride_;
      jpeg_read_scanlines(&info_, rows, count);
    }
  }

  jpeg_decompress_struct info_{};
  ErrorManager errors_{};
  char message_[JMSG_LENGTH_MAX] = "";
  std::uint8_t* pixels_ = nullptr;  // of the rows and columns that were decoded
  std::size_t capacity_ = 0;
  std::size_t stride_ = 0;
  int rows_ = 0;
  int left_ = 0;  // of the decoded rectangle in the image
  int top_ = 0;
};

}  // namespace

extern "C" {

// As decode_pass in decode_loop.cpp, on one thread. The first `way` decodes the whole image (a
// slice of it is free), the second is jpeg_crop_scanline, jpeg_skip_scanlines and an early end.
void turbo_pass(std::int32_t way, const DecodeJob* jobs, std::int32_t num_jobs,
                std::uint64_t* digests, PassResult* result) {
  static TurboLoop loop;
  result->failed = -1;
  const double begin = thread_seconds();
  for (std::int32_t i = 0; i < num_jobs; ++i) {
    if (!loop.decode(jobs[i], static_cast<Way>(way))) {
      result->failed = i;
      std::snprintf(result->message, sizeof(result->message), "%s", loop.message());
      return;
    }
    if (digests != nullptr) digests[i] = loop.digest(jobs[i]);
  }
  result->seconds = thread_seconds() - begin;
}

// The file that the decoder's code really comes from.
const char* turbo_library() {
  Dl_info where;
  return dladdr(reinterpret_cast<void*>(&jpeg_read_header), &where) != 0 ? where.dli_fname : "";
}
}
