// The functor that the GPU kernel runs, on the CPU; and the launch geometry.
#include <vector>

#include "augment/normalize_views.h"
#include "check.h"
#include "common/launch.h"
#include "common/map.h"

namespace fastpass {
namespace {

template <typename Out>
std::vector<Out> normalize_all(const std::vector<std::uint8_t>& pixels, std::int64_t plane) {
  std::vector<Out> out(pixels.size());
  const NormalizeViews<Out> functor = {
      pixels.data(), out.data(), plane, {0.5f, 0.4f, 0.3f}, {0.2f, 0.25f, 0.3f}};
  map(static_cast<std::int64_t>(pixels.size()), functor);
  return out;
}

void test_normalize_views() {
  const float mean[3] = {0.5f, 0.4f, 0.3f}, std[3] = {0.2f, 0.25f, 0.3f};
  const std::int64_t plane = 35;  // 5 x 7
  std::vector<std::uint8_t> pixels(2 * 3 * plane);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 37);
  const auto wide = normalize_all<float>(pixels, plane);
  const auto half = normalize_all<Float16Bits>(pixels, plane);
  const auto brain = normalize_all<Bfloat16Bits>(pixels, plane);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::size_t channel = i / plane % 3;
    const float expected = normalized_value(pixels[i], mean[channel], std[channel]);
    CHECK(wide[i] == expected);
    CHECK(half[i].bits == to_float16(expected));
    CHECK(brain[i].bits == to_bfloat16(expected));
  }
}

// [pixel][channel] is so many planar views of one pixel.
void test_channels_last() {
  const float mean[3] = {0.5f, 0.4f, 0.3f}, std[3] = {0.2f, 0.25f, 0.3f};
  std::vector<std::uint8_t> pixels(3 * 100);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 37);
  const auto wide = normalize_all<float>(pixels, 1);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    CHECK(wide[i] == normalized_value(pixels[i], mean[i % 3], std[i % 3]));
  }
}

void test_launch_covers_everything() {
  CHECK(map_num_blocks(1) == 1);
  CHECK(map_num_blocks(kMapBlockThreads) == 1);
  CHECK(map_num_blocks(kMapBlockThreads + 1) == 2);
  CHECK(map_num_blocks(std::int64_t{1} << 50) == kMapMaxBlocks);
  // What the kernel's grid-stride loop does, for a count that is no multiple of anything.
  const std::int64_t count = kMapMaxBlocks * kMapBlockThreads + 12345;
  const std::int64_t step = std::int64_t{map_num_blocks(count)} * kMapBlockThreads;
  std::vector<int> visits(static_cast<std::size_t>(count));
  for (std::int64_t first = 0; first < step; ++first) {
    for (std::int64_t index = first; index < count; index += step) {
      ++visits[static_cast<std::size_t>(index)];
    }
  }
  for (const int visit : visits) CHECK(visit == 1);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_normalize_views();
  fastpass::test_channels_last();
  fastpass::test_launch_covers_everything();
  return RESULT();
}
