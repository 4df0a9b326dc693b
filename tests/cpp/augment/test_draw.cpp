#include <set>

#include "augment/draw.h"
#include "augment/draw_view.h"
#include "support/check.h"

namespace fastpass {
namespace {

// Known answers of Random123, by the authors of Philox.
void test_philox() {
  const Philox4x32 zeros = philox4x32_10({{0, 0, 0, 0}}, 0, 0);
  CHECK(zeros.word[0] == 0x6627e8d5u && zeros.word[1] == 0xe169c58du);
  CHECK(zeros.word[2] == 0xbc57ac4cu && zeros.word[3] == 0x9b00dbd8u);
  const std::uint32_t ones = 0xffffffffu;
  const Philox4x32 full = philox4x32_10({{ones, ones, ones, ones}}, ones, ones);
  CHECK(full.word[0] == 0x408f276du && full.word[1] == 0x41c83b0eu);
  CHECK(full.word[2] == 0xa20bc7c6u && full.word[3] == 0x6d5451fdu);
}

void test_random_below_covers_its_range() {
  std::set<std::uint32_t> seen;
  for (std::uint32_t draw = 0; draw < 400; ++draw)
    seen.insert(random_below({7, 8, 9, 10}, draw, 6));
  CHECK(seen.size() == 6 && *seen.begin() == 0 && *seen.rbegin() == 5);
  CHECK(random_below({}, 0, 1) == 0);
}

void test_rounding_is_half_to_even() {
  CHECK(round_half_even(0.5) == 0 && round_half_even(1.5) == 2 && round_half_even(2.5) == 2);
  CHECK(round_half_even(-0.5) == 0 && round_half_even(2.4999) == 2 && round_half_even(3.5) == 4);
}

void test_all_orders_are_permutations() {
  std::set<int> codes;
  for (std::uint64_t sample = 0; sample < 2000; ++sample) {
    JitterOp order[4];
    draw_jitter_order({1, sample, 0, 0}, order);
    int mask = 0, code = 0;
    for (const JitterOp op : order) {
      mask |= 1 << static_cast<int>(op);
      code = code * 4 + static_cast<int>(op);
    }
    CHECK(mask == 15);
    codes.insert(code);
  }
  CHECK(codes.size() == 24);
}

void test_boxes_stay_inside() {
  ViewSpec spec;
  for (const double ratio : {1e-6, 0.01, 0.75, 1.0, 50.0, 1e6}) {
    spec.ratio_min = ratio;
    spec.ratio_max = ratio * 1.5;
    for (const int height : {1, 2, 7, 400, 65535}) {
      for (const int width : {1, 3, 500, 65535}) {
        for (std::uint64_t sample = 0; sample < 50; ++sample) {
          ViewParams params;
          CHECK(draw_view(spec, height, width, {3, sample, 0, 0}, &params).ok());
          CHECK(params.height >= 1 && params.width >= 1 && params.top >= 0 && params.left >= 0);
          CHECK(params.top + params.height <= height && params.left + params.width <= width);
        }
      }
    }
  }
}

// A ratio that no try can meet: the largest centred box of the nearest one that can.
void test_fallback() {
  ViewSpec spec;
  spec.scale_min = spec.scale_max = 1.0;
  ViewParams params;
  CHECK(draw_view(spec, 100, 1000, {}, &params).ok());
  CHECK(params.height == 100 && params.width == 133 && params.top == 0 && params.left == 433);
  CHECK(draw_view(spec, 1000, 100, {}, &params).ok());
  CHECK(params.height == 133 && params.width == 100 && params.top == 433 && params.left == 0);
}

void test_center_crop() {
  ViewSpec spec;
  spec.crop = CropKind::kCenter;
  ViewParams params;
  CHECK(draw_view(spec, 375, 500, {}, &params).ok());
  CHECK(params.height == 375 && params.width == 500);
  CHECK(params.resized_height == 256 && params.resized_width == 341);
  CHECK(params.window_top == 16 && params.window_left == 58);  // 58.5, half to even
}

void test_refusals() {
  ViewParams params;
  ViewSpec spec;
  CHECK(draw_view(spec, 0, 10, {}, &params).fault() == Fault::kBadArgument);
  CHECK(draw_view(spec, 10, 65536, {}, &params).fault() == Fault::kBadArgument);
  spec.scale_max = std::nan("");
  CHECK(draw_view(spec, 10, 10, {}, &params).fault() == Fault::kBadArgument);
  spec = ViewSpec();
  spec.crop = CropKind::kCenter;
  spec.resize = spec.size - 1;
  const Status status = draw_view(spec, 10, 10, {}, &params);
  CHECK(status.fault() == Fault::kBadArgument);
  CHECK(status.message().find("resize") != std::string::npos);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_philox();
  fastpass::test_random_below_covers_its_range();
  fastpass::test_rounding_is_half_to_even();
  fastpass::test_all_orders_are_permutations();
  fastpass::test_boxes_stay_inside();
  fastpass::test_fallback();
  fastpass::test_center_crop();
  fastpass::test_refusals();
  return RESULT();
}
