// The samples of one component that a crop needs, a ring of one or two MCU rows at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "decode/pixels/component_scale.h"
#include "decode/pixels/pixel_routines.h"

namespace fastpass {

// Turns the blocks of a component into samples, and samples into rows of the output's size.
class ComponentPlane {
 public:
  // Plans for the output pixels [columns) x [rows). `ring_mcu_rows`: how many MCU rows are kept.
  void plan(const FrameComponent& component, const ComponentScale& scale, const Interval& columns,
            const Interval& rows, int ring_mcu_rows);
  std::size_t bytes() const { return line_offset_ + line_bytes_; }
  void set_memory(std::uint8_t* memory) { memory_ = memory; }

  Interval mcu_columns() const { return in_units_of(columns_, component_->h * scale_.side()); }
  Interval mcu_rows() const { return in_units_of(rows_, component_->v * scale_.side()); }
  const ComponentScale& scale() const { return scale_; }

  // The component's blocks of `num_mcus` MCUs from MCU `column` of MCU row `row` on; `groups` holds
  // them as block_group.h says, groups_per_row groups per block row.
  void put(const PixelRoutines& routines, int row, int column, int num_mcus,
           const std::int16_t* groups, int groups_per_row);
  // All MCUs of the row have been put.
  void finish_row(int row);
  // Samples at the output's size, the planned columns of output row y. Valid until the next call.
  const std::uint8_t* line(const PixelRoutines& routines, int y);

 private:
  static Interval in_units_of(const Interval& samples, int unit) {
    return {samples.begin / unit, (samples.end - 1) / unit + 1};
  }
  std::uint8_t* sample(int y, int x) const;
  void put_block_row(PixelRoutines::Idct idct, int block_row, int first_column, int num_blocks,
                     const std::int16_t* groups);
  void replicate(const std::uint8_t* row, std::uint8_t* line) const;

  const FrameComponent* component_ = nullptr;
  ComponentScale scale_;
  Interval covering_;  // the samples that lie in the output's columns
  int skip_ = 0;       // output pixels of the first of them that lie before these columns
  Interval columns_;   // samples needed: blending looks at one more on each side
  Interval rows_;
  Interval block_columns_;  // the blocks that hold them
  Interval block_rows_;
  int ring_rows_ = 0;
  int origin_ = 0;  // the sample column behind the left margin: the first of a block
  std::size_t stride_ = 0;
  std::size_t line_offset_ = 0;
  std::size_t line_bytes_ = 0;
  std::uint8_t* memory_ = nullptr;
};

}  // namespace fastpass
