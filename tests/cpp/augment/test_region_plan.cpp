#include <random>

#include "augment/region_plan.h"
#include "support/check.h"

namespace fastpass {
namespace {

ViewParams view_of(int top, int left, int height, int width, int size) {
  ViewParams view;
  view.top = top;
  view.left = left;
  view.height = height;
  view.width = width;
  view.resized_height = view.resized_width = size;
  return view;
}

bool is_crop(const RegionPlan& plan, int top, int left, int height, int width, int denominator) {
  return plan.crop.top == top && plan.crop.left == left && plan.crop.height == height &&
         plan.crop.width == width && plan.scale_denominator == denominator;
}

void test_box_around_all_views() {
  const std::vector<ViewParams> views = {view_of(10, 20, 30, 40, 16), view_of(5, 50, 10, 60, 16)};
  CHECK(is_crop(plan_region(views, 1), 5, 20, 35, 90, 1));
  CHECK(is_crop(plan_region({views[0]}, 1), 10, 20, 30, 40, 1));
}

// One source pixel per pixel of every view, in both directions, is what a scale must leave.
void test_scale_follows_the_neediest_view() {
  const auto scale = [](std::vector<ViewParams> views) {
    return plan_region(views, 8).scale_denominator;
  };
  CHECK(scale({view_of(0, 0, 447, 4000, 224)}) == 1);
  CHECK(scale({view_of(0, 0, 448, 4000, 224)}) == 2);
  CHECK(scale({view_of(0, 0, 895, 895, 224)}) == 2);
  CHECK(scale({view_of(0, 0, 896, 896, 224)}) == 4);
  CHECK(scale({view_of(0, 0, 3000, 3000, 224)}) == 8);
  CHECK(scale({view_of(0, 0, 3000, 3000, 96), view_of(0, 0, 300, 300, 96)}) == 2);
  CHECK(scale({view_of(0, 0, 3000, 3000, 96), view_of(0, 0, 50, 50, 96)}) == 1);
  CHECK(plan_region({view_of(0, 0, 3000, 3000, 224)}, 1).scale_denominator == 1);
}

// Whatever the boxes: every pixel that a box touches at that scale is inside, and inside the image.
void test_scaled_boxes_lie_inside() {
  std::mt19937 generator(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const int height = 1 + static_cast<int>(generator() % 3000);
    const int width = 1 + static_cast<int>(generator() % 3000);
    std::vector<ViewParams> views;
    for (int i = 0; i < 3; ++i) {
      const int rows = 1 + static_cast<int>(generator() % static_cast<unsigned>(height));
      const int columns = 1 + static_cast<int>(generator() % static_cast<unsigned>(width));
      const int top = static_cast<int>(generator() % static_cast<unsigned>(height - rows + 1));
      const int left = static_cast<int>(generator() % static_cast<unsigned>(width - columns + 1));
      views.push_back(view_of(top, left, rows, columns, 16));
    }
    const RegionPlan plan = plan_region(views, 8);
    const int d = plan.scale_denominator;
    CHECK(plan.crop.top >= 0 && plan.crop.top + plan.crop.height <= (height + d - 1) / d);
    CHECK(plan.crop.left >= 0 && plan.crop.left + plan.crop.width <= (width + d - 1) / d);
    for (const ViewParams& view : views) {
      CHECK(view.top / d >= plan.crop.top);
      CHECK((view.top + view.height + d - 1) / d <= plan.crop.top + plan.crop.height);
      CHECK(view.left / d >= plan.crop.left);
      CHECK((view.left + view.width + d - 1) / d <= plan.crop.left + plan.crop.width);
    }
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_box_around_all_views();
  fastpass::test_scale_follows_the_neediest_view();
  fastpass::test_scaled_boxes_lie_inside();
  return RESULT();
}
