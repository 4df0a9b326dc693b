// All coefficients of an image, for files that need more than one scan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/status.h"
#include "decode/syntax/block_group.h"
#include "decode/syntax/frame.h"

namespace fastpass {

// Every MCU row is a row of chunks, one behind the other. Its memory grows to the largest image
// seen and stays.
class CoefficientImage {
 public:
  // All zero. kImageTooLarge where the coefficients, 2 bytes per sample and padded to whole chunks,
  // take more than an image of `max_pixels` with three full components: 12 bytes per pixel.
  Status allocate(const Frame& frame, std::int64_t max_pixels);

  const ChunkLayout& layout() const { return layout_; }
  std::size_t bytes_held() const { return groups_.capacity() * sizeof(Group); }
  std::int16_t* chunk(int mcu_row, int index) { return groups_[at(mcu_row, index)].coefficients; }
  const std::int16_t* chunk(int mcu_row, int index) const {
    return groups_[at(mcu_row, index)].coefficients;
  }

 private:
  struct alignas(64) Group {
    std::int16_t coefficients[kGroupCoefficients];
  };

  std::size_t at(int mcu_row, int index) const {
    const std::int64_t chunk = std::int64_t{mcu_row} * chunks_per_row_ + index;
    return static_cast<std::size_t>(chunk * layout_.num_groups);
  }

  ChunkLayout layout_;
  int chunks_per_row_ = 0;
  std::vector<Group> groups_;
};

}  // namespace fastpass
