// From the drawn numbers of a view to the work that rendering has to do, for the CPU and the GPU
// alike.
#pragma once

#include <cstdint>

#include "augment/color_plan.h"
#include "augment/params.h"
#include "augment/source_region.h"
#include "augment/store_format.h"
#include "augment/view_format.h"

namespace fastpass {

ColorPlan plan_color(const ViewParams& params);

StoreFormat make_store_format(const ViewSpec& spec, const ViewParams& params,
                              const ViewFormat& format);

// One axis of a view's box in a source region.
struct SourceSpan {
  std::int32_t first;  // pixel of the region where the box begins
  std::int32_t size;   // pixels that it touches
  double start;        // of the box, counted from that pixel
  double length;
};

SourceSpan span_across(const SourceRegion& source, const ViewParams& params);
SourceSpan span_down(const SourceRegion& source, const ViewParams& params);

}  // namespace fastpass
