// Backend "cpu": our own decoder.
//
// A file whose single scan holds all components is decoded MCU row by MCU row, only where a crop
// looks, and from the middle where a seek index tells how. All others, and damaged ones that are to
// be filled, are decoded into the coefficients of the whole image first.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "decode/decoder_registry.h"
#include "decode/entropy/block_smoothing.h"
#include "decode/entropy/coefficient_decoder.h"
#include "decode/entropy/coefficient_image.h"
#include "decode/entropy/scan_reader.h"
#include "decode/image_checks.h"
#include "decode/pixels/reconstruct.h"
#include "decode/seek/seek_index.h"
#include "decode/syntax/jpeg_markers.h"

namespace fastpass {
namespace {

constexpr int kMaxChunkCoefficients = 16 * 4 * 64;
// Behind the first byte of an entry, for codes that begin in it.
constexpr std::size_t kEntryMargin = 16;

// Our own decoder: chooses the way through a file, and moves coefficients from step to step.
class CpuDecoder : public Decoder {
 public:
  Status decode_stored(const JpegHeaders& headers, const DecodeOptions& options,
                       PixelBuffer* pixels) override {
    FASTPASS_RETURN_IF_ERROR(headers.status());
    jpeg_ = headers.jpeg();
    markers_ = headers.markers();  // a copy, which goes on to further scans
    FASTPASS_RETURN_IF_ERROR(prepare(options, pixels));
    const bool is_strict = options.on_damage == OnDamage::kRaise;
    if (!markers_.is_single_scan()) return decode_coefficients(options, is_strict);
    const Status status = decode_scan(options);
    // The decoder that follows libjpeg-turbo step by step fills damage as that does.
    const bool fills = !is_strict && status.fault() == Fault::kCorruptImage;
    return fills ? decode_coefficients(options, is_strict) : status;
  }
  std::size_t own_bytes_held() const override {
    return sizeof(*this) + scan_.bytes_held() + image_.bytes_held() + reconstructor_.bytes_held();
  }

 private:
  Status prepare(const DecodeOptions& options, PixelBuffer* pixels) {
    const Frame& frame = markers_.frame();
    FASTPASS_RETURN_IF_ERROR(check_pixel_budget(frame.width, frame.height, options.max_pixels));
    if (options.on_damage == OnDamage::kRaise) {
      FASTPASS_RETURN_IF_ERROR(markers_.damage());
      const FrameComponent& first = frame.components[0];
      FASTPASS_RETURN_IF_ERROR(check_data_size(
          frame.width, frame.height, std::int64_t{first.width_in_blocks} * first.height_in_blocks,
          jpeg_.size));
    }
    int width, height;
    Reconstructor::scaled_size(frame, options.scale_denominator, &width, &height);
    CropBox crop;
    FASTPASS_RETURN_IF_ERROR(resolve_crop(options, width, height, &crop));
    FASTPASS_RETURN_IF_ERROR(pixels->resize(crop.height, crop.width));
    return reconstructor_.begin(frame, options.scale_denominator, crop, pixels->view(),
                                options.luma_only);
  }

  Status decode_scan(const DecodeOptions& options) {
    const Frame& frame = markers_.frame();
    FASTPASS_RETURN_IF_ERROR(scan_.open(markers_, jpeg_));
    for (int c = 0; c < frame.num_components; ++c) {
      scan_.want_ac(c, c < reconstructor_.num_planes() && reconstructor_.last_coefficient(c) > 0);
    }
    // In a damaged file the middle depends on what comes before it, so all of it is decoded.
    has_index_ = options.seek_index.size != 0 && options.on_damage == OnDamage::kRaise;
    if (has_index_) {
      FASTPASS_RETURN_IF_ERROR(index_.parse(options.seek_index, jpeg_,
                                            frame.mcus_wide * frame.mcus_high,
                                            !options.is_seek_index_verified));
      FASTPASS_RETURN_IF_ERROR(check_first_entry());
    } else {
      FASTPASS_RETURN_IF_ERROR(scan_.enter(jpeg_.size));
    }
    const McuRange range = reconstructor_.range();
    for (int row = range.row_begin; row < range.row_end; ++row) {
      FASTPASS_RETURN_IF_ERROR(go_to(row, range));
      FASTPASS_RETURN_IF_ERROR(decode_row(row, range));
      reconstructor_.finish_row(row);
    }
    return {};
  }

  // The first MCU needs no index: its place is known.
  Status check_first_entry() const {
    const SeekEntry entry = index_.entry(0);
    const bool is_known = entry.bit_offset == std::uint64_t{8} * markers_.scan().data_offset &&
                          entry.dc == SeekEntry().dc;
    if (is_known) return {};
    return {Fault::kBadSeekIndex,
            "the seek index does not begin with the first MCU; build it again"};
  }

  // Goes to the row's first MCU, by the index where that saves decoding.
  Status go_to(int row, const McuRange& range) {
    const std::int64_t wide = markers_.frame().mcus_wide;
    const std::int64_t first = row * wide + range.column_begin;
    if (has_index_) {
      const std::int64_t stride = index_.mcus_per_entry();
      const std::int64_t entry = first / stride;
      if (row == range.row_begin || entry * stride > scan_.mcu()) {
        // Rows that lie close together are read in one go.
        const bool is_apart = wide - (range.column_end - range.column_begin) >= stride;
        const std::int64_t last_row = is_apart ? row : range.row_end - 1;
        FASTPASS_RETURN_IF_ERROR(scan_.enter(index_.entry(static_cast<int>(entry)), entry * stride,
                                             limit_of(last_row * wide + range.column_end)));
      }
    }
    return scan_.skip(first - scan_.mcu());
  }

  // A file offset behind all bits of the MCUs before `mcu`.
  std::size_t limit_of(std::int64_t mcu) const {
    const std::int64_t stride = index_.mcus_per_entry();
    const std::int64_t entry = (mcu + stride - 1) / stride;
    if (entry >= index_.num_entries()) return jpeg_.size;
    return static_cast<std::size_t>(index_.entry(static_cast<int>(entry)).bit_offset / 8) +
           kEntryMargin;
  }

  Status decode_row(int row, const McuRange& range) {
    const ChunkLayout& layout = reconstructor_.layout();
    for (int column = range.column_begin; column < range.column_end; column += layout.mcus) {
      const int count = std::min(layout.mcus, range.column_end - column);
      clear_chunk(layout, count);
      FASTPASS_RETURN_IF_ERROR(scan_.decode(count, chunk_.data()));
      reconstructor_.put(row, column, count, chunk_.data());
    }
    return {};
  }

  // The groups that hold the first `num_mcus` MCUs.
  void clear_chunk(const ChunkLayout& layout, int num_mcus) {
    const Frame& frame = markers_.frame();
    for (int c = 0; c < frame.num_components; ++c) {
      const FrameComponent& component = frame.components[static_cast<std::size_t>(c)];
      const int num_groups = (num_mcus * component.h + kGroupBlocks - 1) / kGroupBlocks;
      for (int row = 0; row < component.v; ++row) {
        std::memset(
            chunk_.data() + layout.block_offset(c, row, 0), 0,
            sizeof(std::int16_t) * kGroupCoefficients * static_cast<std::size_t>(num_groups));
      }
    }
  }

  Status decode_coefficients(const DecodeOptions& options, bool is_strict) {
    Status damage;
    const CoefficientLimits limits = {options.max_pixels, options.max_scan_blocks};
    FASTPASS_RETURN_IF_ERROR(coefficients_.decode(&markers_, jpeg_, limits, &image_, &damage));
    if (is_strict && !damage.ok()) return damage;
    const SentBits& sent = coefficients_.sent_bits();
    const bool is_smoothed = wants_block_smoothing(markers_.frame(), sent.known);
    const BlockSmoother smoother(markers_.frame(), sent, image_);
    const McuRange range = reconstructor_.range();
    const int mcus = image_.layout().mcus;
    for (int row = range.row_begin; row < range.row_end; ++row) {
      for (int chunk = range.column_begin / mcus; chunk * mcus < range.column_end; ++chunk) {
        if (is_smoothed) smoother.smooth_chunk(row, chunk, chunk_.data());
        reconstructor_.put(row, chunk * mcus, mcus,
                           is_smoothed ? chunk_.data() : image_.chunk(row, chunk));
      }
      reconstructor_.finish_row(row);
    }
    return {};
  }

  Span jpeg_;
  MarkerReader markers_;
  ScanReader scan_;
  SeekIndexView index_;
  bool has_index_ = false;
  CoefficientDecoder coefficients_;
  CoefficientImage image_;
  Reconstructor reconstructor_{best_pixel_routines()};
  alignas(64) std::array<std::int16_t, kMaxChunkCoefficients> chunk_;
};

const bool is_registered =
    register_decoder({"cpu", std::string("our own, ") + best_pixel_routines().name,
                      []() -> std::unique_ptr<Decoder> { return std::make_unique<CpuDecoder>(); }});

}  // namespace
}  // namespace fastpass
