// Coefficients that a progressive file did not send, guessed from the blocks around.
//
// Note [Block smoothing]. A progressive file may end before it has sent all coefficients (a
// preview, or scans that were cut away). Shown as it is, such an image consists of flat squares.
// ITU-T T.81, K.8 therefore guesses the first AC coefficients of a block from the DC coefficients
// of its neighbors: of a smooth image they follow from each other. libjpeg-turbo has done so with 5
// x 5 blocks since 2.1, and in this very way since 3.0; Pillow's wheels hold a 3.x.
#pragma once

#include <array>
#include <cstdint>

#include "decode/entropy/coefficient_image.h"
#include "decode/syntax/frame.h"

namespace fastpass {

// [component][zigzag position]: the lowest bit that scans have sent so far, -1 for none.
using KnownBits = std::array<std::array<int, 64>, kMaxComponents>;

// What the scans of a file have sent. Where the data of the last scan run out, libjpeg-turbo goes
// by what was known before it from the next MCU row on.
struct SentBits {
  KnownBits known;
  KnownBits known_before;    // the last scan of each component
  int last_row_of_scan = 0;  // the last MCU row of which the last scan had data
};

// Whether libjpeg-turbo guesses: some bits of the first nine AC coefficients are unknown, the DC
// coefficients of all components are known, and nothing would be divided by zero.
bool wants_block_smoothing(const Frame& frame, const KnownBits& known);

class BlockSmoother {
 public:
  // Of an image all of whose scans have been read. All three are borrowed.
  BlockSmoother(const Frame& frame, const SentBits& sent, const CoefficientImage& image)
      : frame_(frame), sent_(sent), image_(image) {}

  // Guesses what is not known of the block in that row and column of the component. `block` holds
  // its coefficients, `row_stride` apart from row to row.
  void smooth(int component, int row, int column, int row_stride, std::int16_t* block) const;
  // A copy of the image's chunk with all guesses, block by block.
  void smooth_chunk(int mcu_row, int index, std::int16_t* chunk) const;

 private:
  // The DC coefficients around a block, row by row.
  using Window = std::array<int, 25>;

  Window window_of(int component, int row, int column) const;
  int dc_at(int component, int row, int column) const;

  const Frame& frame_;
  const SentBits& sent_;
  const CoefficientImage& image_;
};

}  // namespace fastpass
