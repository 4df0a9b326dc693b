// How large a component's blocks and rows are at 1/1, 1/2, 1/4 or 1/8, and what brings them to the
// size of the output: the rules of libjpeg-turbo (jpeg_calc_output_dimensions and its choice of an
// upsampling method).
#pragma once

#include "common/status.h"
#include "decode/pixels/upsample.h"
#include "decode/syntax/frame.h"

namespace fastpass {

// Half-open.
struct Interval {
  int begin = 0;
  int end = 0;

  int size() const { return end - begin; }
};

// From blocks to samples to output pixels, for one component at one scale.
struct ComponentScale {
  int log2_side = 3;  // of a block, in samples
  int width = 0;      // samples that come from the image; the rest of the last blocks is padding
  int height = 0;
  int expand_h = 1;  // output pixels per sample
  int expand_v = 1;
  Upsampling upsampling = Upsampling::kNone;

  int side() const { return 1 << log2_side; }
  bool blends_columns() const {
    return upsampling == Upsampling::kH2v1 || upsampling == Upsampling::kH2v2;
  }
  bool blends_rows() const {
    return upsampling == Upsampling::kH1v2 || upsampling == Upsampling::kH2v2;
  }
  // Samples that the output pixels [begin, end) of a row (or column) look at.
  Interval columns_of(int begin, int end) const;
  Interval rows_of(int begin, int end) const;
};

// kUnsupportedImage where a component would have to grow by a fraction.
Status scale_component(const Frame& frame, int component, int scale_denominator,
                       ComponentScale* scale);

}  // namespace fastpass
