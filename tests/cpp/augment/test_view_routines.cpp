// Every table of routines against the plain one, whose loops are the formulas themselves. The
// passes of a resize and the blur have tests of their own (test_resample.cpp, test_blur.cpp).
#include <cstring>
#include <random>
#include <vector>

#include "augment/color_ops.h"
#include "augment/color_steps.h"
#include "augment/cpu/view_routines.h"
#include "augment/store_format.h"
#include "support/check.h"

namespace fastpass {
namespace {

constexpr int kSide = 256;

struct View {
  explicit View(int side) : pitch((side + 31) / 32 * 32), size(side) {
    memory.resize(static_cast<std::size_t>(3 * pitch * size));
  }
  ViewRows rows() { return {memory.data(), size, pitch}; }
  bool equals(View& other) {
    bool is_same = true;
    for (int y = 0; y < size; ++y) {
      for (int channel = 0; channel < 3; ++channel) {
        is_same &= std::memcmp(rows().row(y, channel), other.rows().row(y, channel),
                               static_cast<std::size_t>(size)) == 0;
      }
    }
    return is_same;
  }

  std::ptrdiff_t pitch;
  int size;
  std::vector<std::uint8_t> memory;
};

View random_view(int size, unsigned seed) {
  View view(size);
  std::mt19937 generator(seed);
  for (std::uint8_t& value : view.memory) value = static_cast<std::uint8_t>(generator() & 255);
  return view;
}

// All pixels of one red value.
View colors_with_red(int red) {
  View view(kSide);
  for (int green = 0; green < kSide; ++green) {
    std::memset(view.rows().row(green, 0), red, kSide);
    std::memset(view.rows().row(green, 1), green, kSide);
    for (int blue = 0; blue < kSide; ++blue) {
      view.rows().row(green, 2)[blue] = static_cast<std::uint8_t>(blue);
    }
  }
  return view;
}

void compare_colors(const ViewRoutines& routines, const std::vector<ColorStep>& steps, View view) {
  View expected = view;
  const auto num_steps = static_cast<int>(steps.size());
  const std::uint64_t sum = routines.recolor(steps.data(), num_steps, true, view.rows());
  CHECK(sum == kPlainViewRoutines.recolor(steps.data(), num_steps, true, expected.rows()));
  CHECK(view.equals(expected));
}

// The way to the 8-bit hue and back, of every color there is; and its saturation and value on their
// own, for every offset (gray pixels aside, a color of full saturation meets every hue).
void test_all_colors(const ViewRoutines& routines) {
  for (int red = 0; red < 256; ++red) {
    const ColorStep hue = {ColorStepKind::kHue, 0.0f, 0, (red * 37 + 11) & 255};
    compare_colors(routines, {hue}, colors_with_red(red));
  }
  for (int offset = 0; offset < 256; ++offset) {
    compare_colors(routines, {{ColorStepKind::kHue, 0.0f, 0, offset}}, random_view(64, 9));
  }
}

void test_blends(const ViewRoutines& routines) {
  for (const float factor : {0.0f, 0.2f, 0.6f, 0.99999f, 1.0f, 1.4f, 1.8f, 3.7f, 1e6f}) {
    for (const int gray : {0, 1, 77, 128, 254, 255}) {
      const ColorStep blend = {ColorStepKind::kBlendWithGray, factor,
                               static_cast<std::uint8_t>(gray), 0};
      compare_colors(routines, {blend}, random_view(50, 1));
    }
    compare_colors(routines, {{ColorStepKind::kSaturation, factor, 0, 0}}, colors_with_red(200));
  }
  compare_colors(routines, {{ColorStepKind::kGrayscale, 0.0f, 0, 0}}, colors_with_red(31));
  compare_colors(routines, {}, random_view(200, 2));
}

void test_sequences(const ViewRoutines& routines) {
  std::mt19937 generator(4);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<ColorStep> steps;
    for (unsigned i = generator() % 6; i > 0; --i) {
      steps.push_back({static_cast<ColorStepKind>(generator() % 4),
                       static_cast<float>(generator() % 2000) / 1000.0f,
                       static_cast<std::uint8_t>(generator() & 255),
                       static_cast<std::int32_t>(generator() & 255)});
    }
    compare_colors(routines, steps,
                   random_view(1 + static_cast<int>(generator() % 140), generator()));
  }
}

// The bytes behind the values are left alone, wherever the memory begins.
void compare_stores(const ViewRoutines& routines, const StoreFormat& format, int size, int offset) {
  View view = random_view(size, static_cast<unsigned>(size));
  const std::size_t bytes = static_cast<std::size_t>(3 * size * size * dtype_bytes(format.dtype));
  std::vector<std::uint8_t> memory(bytes + 192, 0xA5), expected(bytes, 0);
  auto* start =
      memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) + offset;
  routines.store(view.rows(), format, start);
  kPlainViewRoutines.store(view.rows(), format, expected.data());
  CHECK(std::memcmp(start, expected.data(), bytes) == 0);
  CHECK(start[bytes] == 0xA5 && start[-1] == 0xA5);
}

void test_stores(const ViewRoutines& routines) {
  for (const Dtype dtype : {Dtype::kUint8, Dtype::kFloat16, Dtype::kBfloat16, Dtype::kFloat32}) {
    for (const MemoryFormat order : {MemoryFormat::kContiguous, MemoryFormat::kChannelsLast}) {
      for (const int size : {1, 2, 7, 8, 24, 33, 96, 224}) {
        StoreFormat format;
        format.dtype = dtype;
        format.memory_format = order;
        const float mean[3] = {0.485f, 0.456f, 0.406f}, std[3] = {0.229f, 0.224f, 0.225f};
        std::memcpy(format.mean, mean, sizeof mean);
        std::memcpy(format.std, std, sizeof std);
        compare_stores(routines, format, size, 0);
        format.solarize_threshold = size % 2 == 0 ? 128 : 3;
        compare_stores(routines, format, size, dtype_bytes(dtype));
      }
    }
  }
}

// Interleaved by `store`, and split again: the view as it was.
void test_splits(const ViewRoutines& routines) {
  StoreFormat format;
  format.dtype = Dtype::kUint8;
  format.memory_format = MemoryFormat::kChannelsLast;
  for (const int size : {1, 2, 15, 16, 17, 33, 96, 224}) {
    View view = random_view(size, static_cast<unsigned>(size)), found(size);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(3 * size * size));
    kPlainViewRoutines.store(view.rows(), format, pixels.data());
    routines.split(pixels.data(), found.rows());
    CHECK(found.equals(view));
  }
}

// Division by way of a reciprocal is exact for whatever mean and std a recipe has.
void test_normalization_is_exact(const ViewRoutines& routines) {
  std::mt19937 generator(6);
  std::uniform_real_distribution<float> unit(0.0f, 1.0f);
  for (int trial = 0; trial < 300; ++trial) {
    StoreFormat format;
    for (int channel = 0; channel < 3; ++channel) {
      format.mean[channel] = trial == 0 ? 0.0f : unit(generator);
      format.std[channel] =
          trial < 2 ? 1.0f : unit(generator) * (trial % 5 == 0 ? 1e5f : 1.0f) + 1e-6f;
    }
    compare_stores(routines, format, 32, 0);
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  for (const auto* routines : fastpass::available_view_routines()) {
    fastpass::test_all_colors(*routines);
    fastpass::test_blends(*routines);
    fastpass::test_sequences(*routines);
    fastpass::test_stores(*routines);
    fastpass::test_splits(*routines);
    fastpass::test_normalization_is_exact(*routines);
  }
  return RESULT();
}
