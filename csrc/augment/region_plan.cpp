#include "augment/region_plan.h"

#include <algorithm>

namespace fastpass {
namespace {

std::int32_t affordable_denominator(const std::vector<ViewParams>& views,
                                    std::int32_t denominator) {
  for (const ViewParams& view : views) {
    const std::int32_t shrink =
        std::min(view.height / view.resized_height, view.width / view.resized_width);
    while (denominator > std::max(shrink, 1)) denominator /= 2;
  }
  return denominator;
}

std::int32_t divide_up(std::int32_t value, std::int32_t denominator) {
  return (value + denominator - 1) / denominator;
}

}  // namespace

RegionPlan plan_region(const std::vector<ViewParams>& views, std::int32_t largest_denominator) {
  std::int32_t top = views[0].top, left = views[0].left, bottom = 0, right = 0;
  for (const ViewParams& view : views) {
    top = std::min(top, view.top);
    left = std::min(left, view.left);
    bottom = std::max(bottom, view.top + view.height);
    right = std::max(right, view.left + view.width);
  }
  RegionPlan plan;
  plan.scale_denominator = affordable_denominator(views, largest_denominator);
  plan.crop.top = top / plan.scale_denominator;
  plan.crop.left = left / plan.scale_denominator;
  plan.crop.height = divide_up(bottom, plan.scale_denominator) - plan.crop.top;
  plan.crop.width = divide_up(right, plan.scale_denominator) - plan.crop.left;
  return plan;
}

SourceRegion region_of(const RegionPlan& plan, const ImageView& pixels, std::int32_t height,
                       std::int32_t width) {
  return {pixels, plan.crop.top, plan.crop.left, plan.scale_denominator, height, width};
}

}  // namespace fastpass
