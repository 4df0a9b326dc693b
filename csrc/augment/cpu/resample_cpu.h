// Crop and antialiased resize on the CPU.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/cpu/tap_weights.h"
#include "augment/cpu/view_routines.h"
#include "augment/params.h"
#include "augment/source_region.h"

namespace fastpass {

// Reuses its memory from call to call.
class Resampler {
 public:
  explicit Resampler(const ViewRoutines& routines) : routines_(routines) {}

  // The box and the window must have been checked, and the box must lie within the region. From a
  // source at full scale: equal to Pillow's crop(box).resize((resized_width, resized_height))
  // .crop(window), mirrored if the view is flipped.
  void run(const SourceRegion& source, const ViewParams& params, Interpolation interpolation,
           const ViewRows& out);

 private:
  // The source pixels under the taps.
  struct Box {
    const std::uint8_t* data;
    std::ptrdiff_t stride;
    std::int32_t first_row;  // in the rows that the vertical weights count
    std::int32_t num_rows;
    std::int32_t num_columns;
    const std::uint8_t* row(std::int32_t y) const { return data + (y - first_row) * stride; }
  };
  void run_horizontal_first(const Box& box, const ViewRows& out);
  void run_vertical_first(const Box& box, const ViewRows& out);
  // kBandRows rows through the horizontal pass.
  void turn_and_weigh(const std::uint8_t* const* rows, const Box& box, const ViewRows& out,
                      std::uint8_t* const* out_rows);
  void weigh_row(std::int32_t y, std::ptrdiff_t count, std::uint8_t* out);
  void plan_ring(std::ptrdiff_t row_values);
  std::int32_t* ring_row(std::int32_t y);

  const ViewRoutines& routines_;
  TapWeights horizontal_, vertical_;
  TapTable horizontal_table_{};
  bool is_flipped_ = false;
  std::vector<std::int32_t> columns_;    // a band of the source, turned
  std::vector<std::uint8_t> turned_;     // the same after the horizontal pass
  std::vector<std::uint8_t> band_;       // rows of the view's width, or of the source's
  std::vector<std::uint8_t> spare_row_;  // takes what a band holds past the view's last row
  std::vector<std::int32_t> ring_;       // the last rows, widened, for the vertical pass
  std::ptrdiff_t ring_stride_ = 0;
  std::int32_t ring_rows_ = 0;
  std::vector<const std::int32_t*> taps_;  // the rows of one output row
};

}  // namespace fastpass
