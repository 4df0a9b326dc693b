// Crop and antialiased resize of RGB pixels on the CPU.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/params.h"
#include "augment/resample.h"
#include "common/view.h"

namespace fastpass {

// The fixed-point weights of one axis, for the output pixels of a window only.
class AxisWeights {
 public:
  void compute(const ResampleAxis& axis, std::int32_t window_first, std::int32_t window_size);

  TapRange range(std::int32_t index) const { return ranges_[static_cast<std::size_t>(index)]; }
  const std::int32_t* weights(std::int32_t index) const {
    return weights_.data() + static_cast<std::ptrdiff_t>(index) * max_taps_;
  }
  std::int32_t max_taps() const { return max_taps_; }

 private:
  std::int32_t max_taps_ = 0;
  std::vector<TapRange> ranges_;
  std::vector<std::int32_t> weights_;
  std::vector<double> exact_;  // of one output pixel, before normalisation
};

// Reuses its memory from call to call.
class Resampler {
 public:
  // out: interleaved RGB [size, size, 3]. The box and the window must have been checked.
  // Equal to Pillow's crop(box).resize((resized_width, resized_height)).crop(window).
  void run(const ImageView& source, const ViewParams& params, Interpolation interpolation,
           std::int32_t size, std::uint8_t* out);

 private:
  // The source pixels under the window's taps, as a box of their own.
  struct Box {
    const std::uint8_t* data;  // row 0 of the crop box, at first_column
    std::ptrdiff_t stride;
    std::int32_t first_column;  // of the crop box
    std::int32_t num_columns;
    const std::uint8_t* row(std::int32_t y) const { return data + y * stride; }
  };
  void run_vertical_first(const Box& box, const ViewParams& params, std::int32_t size,
                          std::uint8_t* out);
  void run_horizontal_first(const Box& box, std::int32_t size, std::uint8_t* out);
  void resample_row(const Box& box, const std::uint8_t* row, std::int32_t size, std::uint8_t* out);

  AxisWeights horizontal_, vertical_;
  std::vector<std::uint8_t> ring_;    // the last rows that were resampled horizontally
  std::vector<std::uint8_t> row_;     // one row that was resampled vertically
  std::vector<std::int32_t> pixels_;  // one source row, widened
  std::vector<std::int32_t> sums_;    // one row of weighted sums
};

}  // namespace fastpass
