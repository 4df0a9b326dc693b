// Backend "turbo": libjpeg-turbo. Our own decoder is compared with it, and leaves to it what it
// does not know.
//
// Note [What counts as damage]. libjpeg reports recoverable trouble as warnings. Those that mean
// "pixels were invented" (truncated or undecodable entropy-coded data) are faults here unless the
// caller asked for OnDamage::kFill; those that leave the pixels alone (stray bytes between
// segments, odd scan parameters) are not. As Pillow does, nothing behind the last row is read.
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

// clang-format off: jpeglib.h needs <cstddef> and <cstdio> above it, jerror.h needs jpeglib.h.
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "decode/decoder_registry.h"
#include "decode/image_checks.h"
#include "decode/pixels/cmyk.h"
#include "decode/syntax/scan_budget.h"

namespace fastpass {
namespace {

// What libjpeg told through its callbacks, and the way back out of it.
struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  int error_code;
  int damage_code;  // first warning that invented pixels, 0: none
  std::int64_t damage_bytes_left;
  char error_message[JMSG_LENGTH_MAX];
  char damage_message[JMSG_LENGTH_MAX];
};

bool invents_pixels(int warning) {
  return warning == JWRN_JPEG_EOF || warning == JWRN_HIT_MARKER || warning == JWRN_HUFF_BAD_CODE ||
         warning == JWRN_ARITH_BAD_CODE || warning == JWRN_MUST_RESYNC;
}

Fault fault_of(int error_code) {
  switch (error_code) {
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
      return Fault::kImageTooLarge;
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
      return Fault::kOutOfMemory;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
      return Fault::kUnsupportedImage;
    default:
      return Fault::kCorruptImage;
  }
}

ErrorManager* errors_of(j_common_ptr common) {
  return reinterpret_cast<ErrorManager*>(common->err);
}

[[noreturn]] void on_error(j_common_ptr common) {
  ErrorManager* errors = errors_of(common);
  errors->error_code = errors->base.msg_code;
  errors->base.format_message(common, errors->error_message);
  std::longjmp(errors->jump, 1);
}

void on_message(j_common_ptr common, int level) {
  ErrorManager* errors = errors_of(common);
  if (level >= 0 || errors->damage_code != 0 || !invents_pixels(errors->base.msg_code)) return;
  errors->damage_code = errors->base.msg_code;
  errors->base.format_message(common, errors->damage_message);
  const auto* info = reinterpret_cast<j_decompress_ptr>(common);
  errors->damage_bytes_left = static_cast<std::int64_t>(info->src->bytes_in_buffer);
}

// Its own numbers of blocks are known only once it has started.
std::int64_t blocks_of(const jpeg_decompress_struct& info, int index) {
  const jpeg_component_info& component = info.comp_info[index];
  const auto in_blocks = [](std::int64_t pixels, int factor, int max_factor) {
    return (pixels * factor + 8 * max_factor - 1) / (8 * max_factor);
  };
  return in_blocks(info.image_width, component.h_samp_factor, info.max_h_samp_factor) *
         in_blocks(info.image_height, component.v_samp_factor, info.max_v_samp_factor);
}

std::int64_t blocks_of_all_components(const jpeg_decompress_struct& info) {
  std::int64_t sum = 0;
  for (int i = 0; i < info.num_components; ++i) sum += blocks_of(info, i);
  return sum;
}

// libjpeg's report of progress, which comes before it reads on: it must not go on with a file that
// has too many scans.
struct Progress {
  jpeg_progress_mgr base;
  std::optional<ScanBudget> budget;
  Status status;
};

void on_progress(j_common_ptr common) {
  const auto* info = reinterpret_cast<j_decompress_ptr>(common);
  auto* progress = reinterpret_cast<Progress*>(common->progress);
  if (!progress->budget || info->input_scan_number == progress->budget->num_scans()) return;
  std::int64_t num_blocks = 0;
  for (int i = 0; i < info->comps_in_scan; ++i) {
    const jpeg_component_info& component = *info->cur_comp_info[i];
    num_blocks += std::int64_t{component.width_in_blocks} * component.height_in_blocks;
  }
  progress->status = progress->budget->add_scan(num_blocks, -1);
  if (progress->status.ok()) return;
  std::longjmp(errors_of(common)->jump, 1);
}

// libjpeg-turbo behind our interface.
class TurboDecoder : public Decoder {
 public:
  TurboDecoder() {
    std::memset(&info_, 0, sizeof(info_));
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = on_error;
    errors_.base.emit_message = on_message;
    progress_.base.progress_monitor = on_progress;
  }
  TurboDecoder(const TurboDecoder&) = delete;
  TurboDecoder& operator=(const TurboDecoder&) = delete;

  // An object of libjpeg per image: an object keeps its tables, and would decode a file that lacks
  // one with its predecessor's.
  // libjpeg parses the headers itself.
  Status decode_stored(const JpegHeaders& headers, const DecodeOptions& options,
                       PixelBuffer* pixels) override {
    jpeg_ = headers.jpeg();
    errors_.error_code = errors_.damage_code = 0;
    progress_.status = Status();
    progress_.budget.reset();
    if (!try_create()) {
      jpeg_destroy_decompress(&info_);
      return {Fault::kOutOfMemory, errors_.error_message};
    }
    Status status = read_header(options);
    if (status.ok()) status = allocate(options, pixels);
    if (status.ok()) status = read_rows(pixels->view());
    jpeg_destroy_decompress(&info_);
    if (status.ok() && errors_.damage_code != 0 && options.on_damage == OnDamage::kRaise) {
      return {Fault::kCorruptImage,
              std::string("damaged JPEG data: ") + errors_.damage_message +
                  " (on_damage=\"fill\" keeps what can be decoded)",
              static_cast<std::int64_t>(jpeg_.size) - errors_.damage_bytes_left};
    }
    return status;
  }

 private:
  // Functions that call setjmp own nothing that has a destructor: longjmp would skip it.

  // Fails only without memory or with another library's header.
  bool try_create() {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_.base;
    return true;
  }

  bool try_read_header() {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_mem_src(&info_, jpeg_.data, static_cast<unsigned long>(jpeg_.size));
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  bool try_start(int scale_denominator, std::int64_t max_bytes) {
    if (setjmp(errors_.jump) != 0) return false;
    const bool is_cmyk = info_.num_components == 4;
    info_.out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    info_.scale_num = 1;
    info_.scale_denom = static_cast<unsigned int>(scale_denominator);
    info_.mem->max_memory_to_use = static_cast<long>(max_bytes);
    jpeg_calc_output_dimensions(&info_);
    return true;
  }

  // Rows above the crop are decoded and dropped: jpeg_skip_scanlines is not bit-exact next to the
  // skipped rows for every sampling factor. Rows below are never touched.
  bool try_read_rows(const ImageView& out) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_start_decompress(&info_);
    for (int y = 0; y < crop_.top + crop_.height; ++y) {
      std::uint8_t* destination = out.row(y < crop_.top ? 0 : y - crop_.top);
      JSAMPROW row = row_.empty() ? destination : row_.data();
      jpeg_read_scanlines(&info_, &row, 1);
      if (y >= crop_.top && !row_.empty()) copy_crop(row, destination);
    }
    return true;
  }

  void copy_crop(const std::uint8_t* row, std::uint8_t* destination) const {
    row += crop_.left * info_.output_components;
    if (info_.output_components == 4) {
      cmyk_to_rgb_row(row, crop_.width, destination);
    } else {
      std::memcpy(destination, row, std::size_t{3} * static_cast<std::size_t>(crop_.width));
    }
  }

  Status failure() const {
    if (!progress_.status.ok()) return progress_.status;
    const std::int64_t left =
        info_.src == nullptr ? 0 : static_cast<std::int64_t>(info_.src->bytes_in_buffer);
    return {fault_of(errors_.error_code), std::string("libjpeg-turbo: ") + errors_.error_message,
            static_cast<std::int64_t>(jpeg_.size) - left};
  }

  Status read_header(const DecodeOptions& options) {
    if (jpeg_.size < 4 || jpeg_.data[0] != 0xFF || jpeg_.data[1] != 0xD8) {
      return {Fault::kCorruptImage, "not a JPEG: it does not start with FF D8", 0};
    }
    if (!try_read_header()) return failure();
    const int width = static_cast<int>(info_.image_width);
    const int height = static_cast<int>(info_.image_height);
    FASTPASS_RETURN_IF_ERROR(check_pixel_budget(width, height, options.max_pixels));
    if (options.on_damage == OnDamage::kRaise && !info_.arith_code) {
      FASTPASS_RETURN_IF_ERROR(check_data_size(width, height, blocks_of(info_, 0), jpeg_.size));
    }
    progress_.budget.emplace(options.max_scan_blocks, blocks_of_all_components(info_));
    const int components = info_.num_components;
    if (components != 1 && components != 3 && components != 4) {
      return {Fault::kUnsupportedImage,
              "a JPEG of " + std::to_string(components) + " components (1, 3 or 4 are known)"};
    }
    return {};
  }

  Status allocate(const DecodeOptions& options, PixelBuffer* pixels) {
    // Coefficients of a progressive file take 2 bytes per sample: 12 bytes per pixel at most.
    if (!try_start(options.scale_denominator, 12 * options.max_pixels + (16 << 20))) {
      return failure();
    }
    const int height = static_cast<int>(info_.output_height);
    const int width = static_cast<int>(info_.output_width);
    FASTPASS_RETURN_IF_ERROR(resolve_crop(options, width, height, &crop_));
    const bool needs_row = info_.num_components == 4 || crop_.width != width || crop_.left != 0;
    row_.resize(needs_row ? std::size_t{4} * info_.output_width : 0);
    return pixels->resize(crop_.height, crop_.width);
  }

  Status read_rows(const ImageView& out) { return try_read_rows(out) ? Status() : failure(); }

  jpeg_decompress_struct info_;
  ErrorManager errors_;
  Progress progress_;
  Span jpeg_;
  CropBox crop_;
  std::vector<std::uint8_t> row_;  // one full row, where rows cannot go straight to the output
};

#define FASTPASS_STRINGIZE(x) #x
#define FASTPASS_TO_STRING(x) FASTPASS_STRINGIZE(x)

const bool is_registered = register_decoder(
    {"turbo", "libjpeg-turbo " FASTPASS_TO_STRING(LIBJPEG_TURBO_VERSION),
     []() -> std::unique_ptr<Decoder> { return std::make_unique<TurboDecoder>(); }});

}  // namespace
}  // namespace fastpass
