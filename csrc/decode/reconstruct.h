// From coefficients to RGB rows: IDCT at the wanted scale, upsampling, colour; only what a crop
// needs, and bit for bit what the whole image would hold there.
#pragma once

#include <cstdint>
#include <vector>

#include "common/status.h"
#include "common/view.h"
#include "decode/block_group.h"
#include "decode/crop_box.h"
#include "decode/frame.h"
#include "decode/pixel_kernels.h"

namespace fastpass {

// Half-open ranges of MCUs.
struct McuRange {
  int row_begin = 0;
  int row_end = 0;
  int column_begin = 0;
  int column_end = 0;
};

// One per thread: its planes grow to the largest image seen and stay. They hold a few MCU rows,
// never a whole image.
class Reconstructor {
 public:
  explicit Reconstructor(const PixelKernels& kernels) : kernels_(kernels) {}

  // The size of the whole image at 1/scale_denominator, as libjpeg computes it.
  static void scaled_size(const Frame& frame, int scale_denominator, int* width, int* height);

  // `crop` lies inside the scaled image; `out` has the crop's size. The frame is borrowed.
  Status begin(const Frame& frame, int scale_denominator, const CropBox& crop,
               const ImageView& out);
  // The MCUs to be put, the ring of chroma that upsampling looks at included.
  McuRange range() const { return range_; }
  const ChunkLayout& layout() const { return layout_; }
  // Highest zigzag position whose coefficient can matter at this scale, per component: 0 where only
  // DC counts.
  int last_coefficient(int component) const;

  // `num_mcus` MCUs of MCU row `row`, from column `column` on (both inside range()); the chunk
  // holds their blocks from its beginning. Chunks of a row may come in any order and may reach past
  // the image.
  void put(int row, int column, int num_mcus, const std::int16_t* chunk);
  // All MCUs of the row are there: writes the output rows that are now complete. Rows come in
  // order.
  void finish_row(int row);

 private:
  const PixelKernels& kernels_;
  McuRange range_;
  ChunkLayout layout_;
};

}  // namespace fastpass
