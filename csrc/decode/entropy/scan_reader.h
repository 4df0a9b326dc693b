// Reads the MCUs of a single sequential scan. It decodes runs of them, skips others, crosses
// restart markers, and can start in the middle at an entry of a seek index.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/view.h"
#include "decode/entropy/entropy_routines.h"
#include "decode/seek/seek_index.h"
#include "decode/syntax/jpeg_markers.h"

namespace fastpass {

// One per thread; its memory grows to the longest scan seen and stays.
class ScanReader {
 public:
  // Of a file whose single scan holds all components. Both are borrowed.
  Status open(const MarkerReader& markers, Span jpeg);
  // Whether decode() stores the AC coefficients of a component; after open(), it does.
  void want_ac(int component, bool is_wanted);

  // To the first MCU, or to one that the seek index knows. Bytes from file offset `limit` on are
  // not looked at.
  Status enter(std::size_t limit);
  Status enter(const SeekEntry& entry, std::int64_t mcu, std::size_t limit);

  // The next MCU, counted row by row, and its place in the file.
  std::int64_t mcu() const { return mcu_; }
  Status locate(SeekEntry* entry);
  Status skip(std::int64_t num_mcus);
  // At most as many as the frame's chunks hold (plan_chunk); `chunk` is zero.
  Status decode(int num_mcus, std::int16_t* chunk);

  std::size_t bytes_held() const { return capacity_ + kMaxComponents * sizeof(KnownTables); }

 private:
  void plan_blocks();
  Status plan_tables();
  Status load(std::size_t offset, int bit);
  Status cross_restart();
  Status run(std::int64_t num_mcus, const BlockOfMcu* blocks, const std::int32_t* offsets,
             int offsets_per_mcu, std::int16_t* coefficients);
  std::size_t find_ff(std::size_t from) const;
  Status damage(RunEnd end) const;
  const char* what_ends_the_data() const;
  Status corrupt(const std::string& message, std::size_t offset) const;
  Span loaded() const { return {jpeg_.data + begin_offset_, end_offset_ - begin_offset_}; }

  // Look-up tables, and the codes that they were made from.
  struct KnownTables {
    HuffmanSpec dc;
    HuffmanSpec ac;
    FastTables tables;
  };

  const MarkerReader* markers_ = nullptr;
  Span jpeg_;
  std::int64_t num_mcus_ = 0;
  std::int64_t mcu_ = 0;
  std::int64_t mcus_to_restart_ = 0;

  std::size_t limit_ = 0;
  std::size_t begin_offset_ = 0;  // in the file: the data in clean_, without stuffing
  std::size_t end_offset_ = 0;
  std::unique_ptr<std::uint8_t[]> clean_;
  std::size_t capacity_ = 0;
  std::size_t num_stuffed_ = 0;  // bytes that were left out before next_ff_, as locate() counts
  std::size_t next_ff_ = 0;      // the next FF in clean_: a byte is missing behind it

  // Kept from image to image: many files have the same tables.
  std::array<std::unique_ptr<KnownTables>, kMaxComponents> known_tables_;
  std::array<const FastTables*, kMaxComponents> tables_{};  // of the scan's components
  std::array<BlockOfMcu, kMaxBlocksInMcu> blocks_;
  std::array<BlockOfMcu, kMaxBlocksInMcu> skipped_blocks_;
  int num_blocks_ = 0;
  std::vector<std::int32_t> offsets_;  // [MCU][block] in a chunk
  McuRun run_;
  const EntropyRoutines& routines_ = best_entropy_routines();
};

}  // namespace fastpass
