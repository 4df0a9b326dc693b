// From coefficients to RGB rows: IDCT at the wanted scale, upsampling, color; only what a crop
// needs, and bit for bit what the whole image would hold there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/crop_box.h"
#include "common/status.h"
#include "common/view.h"
#include "decode/pixels/component_plane.h"
#include "decode/pixels/pixel_routines.h"
#include "decode/syntax/block_group.h"
#include "decode/syntax/frame.h"

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
  explicit Reconstructor(const PixelRoutines& routines) : routines_(routines) {}

  // The size of the whole image at 1/scale_denominator, as libjpeg computes it.
  static void scaled_size(const Frame& frame, int scale_denominator, int* width, int* height);

  // `crop` lies inside the scaled image; `out` has the crop's size. The frame is borrowed until the
  // last finish_row(). Nothing of `out` but 3 * width bytes per row is written.
  Status begin(const Frame& frame, int scale_denominator, const CropBox& crop, const ImageView& out,
               bool luma_only = false);
  // The MCUs to be put: those of the crop, and those around it that upsampling looks at.
  McuRange range() const { return range_; }
  const ChunkLayout& layout() const { return layout_; }
  // The first components of the frame, which are looked at.
  int num_planes() const { return num_planes_; }
  std::size_t bytes_held() const { return capacity_; }
  // Highest zigzag position whose coefficient can matter at this scale, per component: 0 where only
  // DC counts.
  int last_coefficient(int component) const;

  // `num_mcus` MCUs of MCU row `row` (inside range()), from column `column` on; the chunk, aligned
  // to 64 bytes, holds their blocks from its beginning. Chunks of a row may come in any order, may
  // begin before range() and may reach past it and past the image: what is not needed is ignored.
  void put(int row, int column, int num_mcus, const std::int16_t* chunk);
  // All MCUs of the row are there: writes the output rows that are now complete. Rows come in
  // order.
  void finish_row(int row);

 private:
  void plan_range();
  Status allocate_planes();
  void write_row(int y);

  const PixelRoutines& routines_;
  const Frame* frame_ = nullptr;
  int num_planes_ = 0;  // components that are looked at
  ColorModel color_ = ColorModel::kYcc;
  CropBox crop_;
  ImageView out_;
  McuRange range_;
  ChunkLayout layout_;
  std::array<ComponentPlane, kMaxComponents> planes_;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t capacity_ = 0;
  int mcu_height_ = 0;        // in output rows
  bool blends_rows_ = false;  // the last output row of an MCU row waits for the next MCU row
  int next_row_ = 0;          // of the output, in the whole image
};

}  // namespace fastpass
