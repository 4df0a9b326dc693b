// Which part of an image its views need, and at which DCT scale.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/params.h"
#include "augment/source_region.h"
#include "common/crop_box.h"

namespace fastpass {

struct RegionPlan {
  CropBox crop;  // in pixels of the image at 1 / scale_denominator
  std::int32_t scale_denominator = 1;
};

// The smallest scale at which decoders decode is 1 / kLargestDenominator.
constexpr std::int32_t kLargestDenominator = 8;

// The smallest box that holds the boxes of all views, of which there is at least one; the boxes
// must have been checked. It is at the smallest of the scales 1, 1/2, ..., 1/largest_denominator at
// which every view still has at least one source pixel per pixel. So the scale is 1 unless every
// box is at least twice as large as its view.
RegionPlan plan_region(const std::vector<ViewParams>& views, std::int32_t largest_denominator);

// `pixels` are what was decoded by that plan.
SourceRegion region_of(const RegionPlan& plan, const ImageView& pixels, std::int32_t height,
                       std::int32_t width);

}  // namespace fastpass
