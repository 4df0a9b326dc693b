#include "augment/cpu/color_cpu.h"

#include "augment/color_ops.h"
#include "augment/color_steps.h"
#include "augment/view_plan.h"

namespace fastpass {

void apply_color(const ViewRoutines& routines, const ViewParams& params, const ViewRows& view) {
  ColorPlan plan = plan_color(params);
  if (plan.has_contrast) {
    const std::uint64_t sum =
        routines.recolor(plan.before, plan.num_before, /*wants_luma=*/true, view);
    const auto size = static_cast<std::uint64_t>(view.size);
    plan.after[0].gray = contrast_gray(sum, size * size);
  }
  const ColorStep* last = plan.has_contrast ? plan.after : plan.before;
  const int num_last = plan.has_contrast ? plan.num_after : plan.num_before;
  if (num_last > 0) routines.recolor(last, num_last, /*wants_luma=*/false, view);
}

}  // namespace fastpass
