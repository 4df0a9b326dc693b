#include "decode/pixels/component_scale.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace fastpass {
namespace {

int divide_up(std::int64_t a, std::int64_t b) { return static_cast<int>((a + b - 1) / b); }

Interval samples_of(int begin, int end, bool blends, int expand, int size) {
  if (!blends) return {begin / expand, (end - 1) / expand + 1};
  // Output 2 i looks at i - 1 and i, output 2 i + 1 at i and i + 1.
  return {begin == 0 ? 0 : (begin - 1) / 2, std::min(end / 2 + 1, size)};
}

Upsampling choose_upsampling(const ComponentScale& scale, bool is_fancy) {
  if (scale.expand_h == 1 && scale.expand_v == 1) return Upsampling::kNone;
  if (!is_fancy || scale.expand_h > 2 || scale.expand_v > 2) return Upsampling::kReplicate;
  if (scale.expand_h == 1) return Upsampling::kH1v2;
  if (scale.width <= 2) return Upsampling::kReplicate;
  return scale.expand_v == 1 ? Upsampling::kH2v1 : Upsampling::kH2v2;
}

}  // namespace

Interval ComponentScale::columns_of(int begin, int end) const {
  return samples_of(begin, end, blends_columns(), expand_h, width);
}

Interval ComponentScale::rows_of(int begin, int end) const {
  return samples_of(begin, end, blends_rows(), expand_v, height);
}

Status scale_component(const Frame& frame, int component, int scale_denominator,
                       ComponentScale* scale) {
  const FrameComponent& sampled = frame.components[static_cast<std::size_t>(component)];
  const int min_side = 8 / scale_denominator;
  // Blocks keep more detail where that spares upsampling.
  int side = min_side;
  while (side < 8 && frame.max_h * min_side % (sampled.h * side * 2) == 0 &&
         frame.max_v * min_side % (sampled.v * side * 2) == 0) {
    side *= 2;
  }
  const int group_h = sampled.h * (side / min_side);
  const int group_v = sampled.v * (side / min_side);
  if (frame.max_h % group_h != 0 || frame.max_v % group_v != 0) {
    return {Fault::kUnsupportedImage,
            "component " + std::to_string(component) + " is sampled " + std::to_string(sampled.h) +
                " x " + std::to_string(sampled.v) + " where another is sampled " +
                std::to_string(frame.max_h) + " x " + std::to_string(frame.max_v) +
                ": not a whole number of pixels per sample"};
  }
  scale->log2_side = side == 8 ? 3 : side == 4 ? 2 : side == 2 ? 1 : 0;
  scale->width = divide_up(std::int64_t{frame.width} * sampled.h * side, frame.max_h * 8);
  scale->height = divide_up(std::int64_t{frame.height} * sampled.v * side, frame.max_v * 8);
  scale->expand_h = frame.max_h / group_h;
  scale->expand_v = frame.max_v / group_v;
  scale->upsampling = choose_upsampling(*scale, min_side > 1);
  return {};
}

}  // namespace fastpass
