// Entropy decoding of a whole file into its coefficients: progressive files, sequential ones of
// several scans, and damaged ones, all as libjpeg-turbo reads them.
#pragma once

#include <array>
#include <cstdint>

#include "common/status.h"
#include "common/view.h"
#include "decode/entropy/bit_reader.h"
#include "decode/entropy/block_smoothing.h"
#include "decode/entropy/coefficient_image.h"
#include "decode/entropy/entropy.h"
#include "decode/entropy/huffman.h"
#include "decode/syntax/jpeg_markers.h"
#include "decode/syntax/scan_budget.h"

namespace fastpass {

// What a file may cost: see DecodeOptions.
struct CoefficientLimits {
  std::int64_t max_pixels;
  std::int64_t max_scan_blocks;
};

// One per thread; reused from image to image.
class CoefficientDecoder {
 public:
  // `markers` has opened `jpeg`; afterwards it stands at the last scan, and its frame holds all
  // quantization tables. Returns what libjpeg-turbo gives up at, or that `limits` are passed;
  // `damage` gets the first thing that it only warns of while it invents pixels. A file of one scan
  // is read up to its last MCU, others up to EOI; it is no damage where nothing but EOI is missing.
  Status decode(MarkerReader* markers, Span jpeg, const CoefficientLimits& limits,
                CoefficientImage* image, Status* damage);
  const SentBits& sent_bits() const { return sent_; }

 private:
  enum class Coding : std::uint8_t { kSequential, kDcFirst, kDcRefine, kAcFirst, kAcRefine };
  struct Part {  // a component of the present scan
    int index = 0;
    int h = 1;  // blocks per MCU of this scan
    int v = 1;
    const HuffmanTable* dc_table = nullptr;
    const HuffmanTable* ac_table = nullptr;
    std::int32_t predictor = 0;
  };

  Status decode_scan(Status* damage);
  void begin_scan();
  bool decode_row(int row);
  template <Coding coding>
  bool decode_row_as(int row);
  template <Coding coding>
  bool decode_interleaved_row(int mcu_row, BitReader& reader);
  template <Coding coding>
  bool decode_block_row(int block_row, BitReader& reader);
  template <Coding coding>
  bool decode_block(Part* part, std::int16_t* block, BitReader& reader);
  bool begin_mcu(BitReader& reader);
  void restart(BitReader& reader);
  Status damage_in_row(int row, int num_rows) const;
  void note_known_bits();
  std::int64_t blocks_in_scan() const;
  bool is_complete() const;

  const MarkerReader* markers_ = nullptr;
  CoefficientImage* image_ = nullptr;
  const std::uint8_t* offsets_ = zigzag_offsets().offset;
  BitReader reader_;
  int num_scans_ = 0;
  std::array<HuffmanTable, 4> dc_tables_;
  std::array<HuffmanTable, 4> ac_tables_;
  std::array<Part, kMaxComponents> parts_;
  int num_parts_ = 0;
  Coding coding_ = Coding::kSequential;
  Band band_ = {0, 63, 0};
  std::int32_t end_of_band_run_ = 0;
  int mcus_to_restart_ = -1;  // counts down; from -1 where there are no restarts
  int next_restart_ = 0;
  SentBits sent_;
};

}  // namespace fastpass
