// Reconstructor against libjpeg-turbo's own pixels: every sampling factor that the library takes,
// every scale, odd sizes, whole images and crops, chunks of any length in any order.
#include <algorithm>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

#include "decode/pixels/cmyk.h"
#include "decode/pixels/reconstruct.h"
#include "support/check.h"
#include "support/coefficient_jpeg.h"

namespace {

// The planes come from operator new[](size, nothrow): counted, and refused on demand.
int num_allocations = 0;
std::size_t last_allocation = 0;
bool refuses_memory = false;

}  // namespace

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  ++num_allocations;
  last_allocation = size;
  return refuses_memory ? nullptr : std::malloc(size);
}
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void* operator new[](std::size_t size) { return std::malloc(size); }

namespace fastpass_test {
namespace {

using fastpass::ChunkLayout;
using fastpass::CropBox;
using fastpass::ImageView;
using fastpass::McuRange;
using fastpass::Reconstructor;
using Random = std::mt19937;
using Factors = std::vector<SamplingFactors>;

int between(Random& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

// Low frequencies mostly; what lies past the image is noise that must not be seen.
Coefficients random_coefficients(Random& random, const Frame& frame) {
  Coefficients coefficients(frame);
  for (int c = 0; c < frame.num_components; ++c) {
    for (std::size_t i = 0; i < coefficients.blocks[c].size(); ++i) {
      const int limit = i % 64 == 0 ? 500 : between(random, 0, 15) == 0 ? 200 : 0;
      coefficients.blocks[c][i] = static_cast<std::int16_t>(between(random, -limit, limit));
    }
  }
  return coefficients;
}

Frame random_frame(Random& random, int width, int height, ColorModel color,
                   const Factors& factors) {
  Frame frame = make_frame(width, height, color, factors);
  for (FrameComponent& component : frame.components) {
    for (std::uint16_t& step : component.quant.steps)
      step = static_cast<std::uint16_t>(between(random, 1, 3));
  }
  return frame;
}

// RGB of the whole image at a scale; empty where the library refuses.
Pixels witness(const std::vector<std::uint8_t>& jpeg, int scale_denominator) {
  Pixels pixels;
  try {
    pixels = decode(jpeg, scale_denominator);
  } catch (int) {
    return {};
  }
  if (pixels.channels == 3) return pixels;
  Pixels rgb{pixels.width, pixels.height, 3, {}};
  rgb.bytes.resize(static_cast<std::size_t>(3 * pixels.width * pixels.height));
  fastpass::cmyk_to_rgb_row(pixels.bytes.data(), pixels.width * pixels.height, rgb.bytes.data());
  return rgb;
}

struct alignas(64) AlignedGroup {
  std::int16_t coefficients[fastpass::kGroupCoefficients];
};

// The blocks of the MCUs from `column` on; noise where there is no block, and where coefficients
// are said not to matter.
void fill_chunk(const Frame& frame, Coefficients& coefficients, const Reconstructor& reconstructor,
                int row, int column, int num_mcus, std::int16_t* chunk) {
  const ChunkLayout& layout = reconstructor.layout();
  std::fill(chunk, chunk + layout.coefficients(), std::int16_t{77});
  for (int c = 0; c < frame.num_components; ++c) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(c)];
    for (int v = 0; v < component.v; ++v) {
      for (int i = 0; i < num_mcus * component.h; ++i) {
        const int block_column = column * component.h + i;
        if (block_column >= coefficients.blocks_wide[c]) continue;
        const std::int16_t* block = coefficients.block(c, row * component.v + v, block_column);
        const int count = reconstructor.last_coefficient(c) == 0 ? 1 : 64;
        for (int k = 0; k < count; ++k) {
          chunk[layout.block_offset(c, v, i) + k / 8 * fastpass::kGroupStride + k % 8] = block[k];
        }
      }
    }
  }
}

struct Span1d {
  int begin, count;
};

// The MCU columns of a row as chunks of random lengths in random order.
std::vector<Span1d> cut_row(Random& random, const McuRange& range, int mcus_per_chunk) {
  std::vector<Span1d> spans;
  const bool is_regular = between(random, 0, 1) == 0;
  int column =
      is_regular ? range.column_begin : std::max(0, range.column_begin - between(random, 0, 3));
  while (column < range.column_end) {
    const int count = is_regular ? mcus_per_chunk : between(random, 1, mcus_per_chunk);
    spans.push_back({column, count});
    column += count;
  }
  std::shuffle(spans.begin(), spans.end(), random);
  return spans;
}

constexpr std::uint8_t kGuard = 0xA5;

// Decodes a crop into the middle of guard bytes and compares every byte.
bool crop_agrees(Random& random, Reconstructor& reconstructor, const Frame& frame,
                 Coefficients& coefficients, int scale_denominator, const CropBox& crop,
                 const Pixels& wanted) {
  const int stride = 3 * crop.width + 11;
  std::vector<std::uint8_t> memory(static_cast<std::size_t>(stride * (crop.height + 2)), kGuard);
  std::vector<std::uint8_t> expected = memory;
  const ImageView out{memory.data() + stride + 5, crop.height, crop.width, 3, stride};
  for (int y = 0; y < crop.height; ++y) {
    const auto from = wanted.bytes.begin() + 3 * ((crop.top + y) * wanted.width + crop.left);
    std::copy(from, from + 3 * crop.width, expected.begin() + stride * (y + 1) + 5);
  }
  if (!reconstructor.begin(frame, scale_denominator, crop, out).ok()) return false;
  const ChunkLayout layout = reconstructor.layout();
  std::vector<AlignedGroup> groups(static_cast<std::size_t>(layout.num_groups));
  std::int16_t* chunk = groups[0].coefficients;
  const McuRange range = reconstructor.range();
  if (range.row_end > frame.mcus_high || range.column_end > frame.mcus_wide) return false;
  for (int row = range.row_begin; row < range.row_end; ++row) {
    for (const Span1d& span : cut_row(random, range, layout.mcus)) {
      fill_chunk(frame, coefficients, reconstructor, row, span.begin, span.count, chunk);
      reconstructor.put(row, span.begin, span.count, chunk);
    }
    reconstructor.finish_row(row);
  }
  return memory == expected;
}

CropBox random_crop(Random& random, const Pixels& image) {
  CropBox crop;
  crop.left = between(random, 0, image.width - 1);
  crop.top = between(random, 0, image.height - 1);
  crop.width = between(random, 1, image.width - crop.left);
  crop.height = between(random, 1, image.height - crop.top);
  return crop;
}

void check_image(Random& random, int width, int height, ColorModel color, const Factors& factors,
                 int num_crops) {
  static std::vector<Reconstructor> reconstructors = [] {
    std::vector<Reconstructor> each;
    for (const fastpass::PixelRoutines* routines : fastpass::available_pixel_routines())
      each.emplace_back(*routines);
    return each;
  }();
  const Frame frame = random_frame(random, width, height, color, factors);
  Coefficients coefficients = random_coefficients(random, frame);
  const std::vector<std::uint8_t> jpeg = encode(frame, coefficients);
  for (int scale = 1; scale <= 8; scale *= 2) {
    const Pixels wanted = witness(jpeg, scale);
    Reconstructor& reconstructor =
        reconstructors[static_cast<std::size_t>(between(random, 0, 99)) % reconstructors.size()];
    if (wanted.width == 0) {
      const fastpass::Status status = reconstructor.begin(frame, scale, {0, 0, 1, 1}, ImageView());
      CHECK(status.fault() == fastpass::Fault::kUnsupportedImage);
      continue;
    }
    int scaled_width = 0, scaled_height = 0;
    Reconstructor::scaled_size(frame, scale, &scaled_width, &scaled_height);
    CHECK(scaled_width == wanted.width && scaled_height == wanted.height);
    CropBox crop{0, 0, wanted.height, wanted.width};
    for (int i = 0; i <= num_crops; ++i, crop = random_crop(random, wanted)) {
      const bool agrees =
          crop_agrees(random, reconstructor, frame, coefficients, scale, crop, wanted);
      CHECK(agrees);
      if (agrees) continue;
      std::fprintf(stderr, "%d x %d, color %d, 1/%d, crop top %d left %d %d x %d, factors", width,
                   height, static_cast<int>(color), scale, crop.top, crop.left, crop.width,
                   crop.height);
      for (const SamplingFactors& f : factors) std::fprintf(stderr, " %dx%d", f.h, f.v);
      std::fprintf(stderr, "\n");
    }
  }
}

SamplingFactors nth_factors(int i) { return {i % 4 + 1, i / 4 + 1}; }

void test_every_sampling_factor() {
  Random random(1);
  for (int luma = 0; luma < 16; ++luma) {
    for (int blue = 0; blue < 16; ++blue) {
      // The third component mostly follows the second; where not, it is arbitrary.
      for (int red : {blue, between(random, 0, 15)}) {
        const Factors factors = {nth_factors(luma), nth_factors(blue), nth_factors(red)};
        check_image(random, between(random, 1, 70), between(random, 1, 70),
                    between(random, 0, 3) == 0 ? ColorModel::kRgb : ColorModel::kYcc, factors, 1);
      }
    }
  }
}

void test_every_small_size() {
  Random random(2);
  const Factors common[4] = {{{1, 1}, {1, 1}, {1, 1}},
                             {{2, 1}, {1, 1}, {1, 1}},
                             {{2, 2}, {1, 1}, {1, 1}},
                             {{1, 2}, {1, 1}, {1, 1}}};
  for (int width = 1; width <= 40; ++width) {
    for (const Factors& factors : common) {
      check_image(random, width, between(random, 1, 40), ColorModel::kYcc, factors, 2);
      check_image(random, between(random, 1, 40), width, ColorModel::kYcc, factors, 2);
    }
  }
}

void test_other_color_models() {
  Random random(3);
  for (int i = 0; i < 60; ++i) {
    const int width = between(random, 1, 90), height = between(random, 1, 90);
    check_image(random, width, height, ColorModel::kGray, {{1, 1}}, 3);
    for (ColorModel color : {ColorModel::kCmyk, ColorModel::kYcck}) {
      check_image(random, width, height, color, {{1, 1}, {1, 1}, {1, 1}, {1, 1}}, 1);
      check_image(random, width, height, color, {{2, 2}, {1, 1}, {1, 1}, {2, 2}}, 1);
      check_image(random, width, height, color, {{2, 1}, {1, 1}, {1, 2}, {1, 1}}, 1);
    }
  }
}

// Several chunks per row, crops that begin far from the border.
void test_larger_images() {
  Random random(4);
  for (int i = 0; i < 4; ++i) {
    check_image(random, between(random, 600, 900), between(random, 100, 300), ColorModel::kYcc,
                {{2, 2}, {1, 1}, {1, 1}}, 6);
    check_image(random, between(random, 600, 900), between(random, 100, 300), ColorModel::kYcc,
                {{2, 1}, {1, 1}, {1, 1}}, 6);
    check_image(random, between(random, 600, 900), between(random, 100, 300), ColorModel::kGray,
                {{1, 1}}, 6);
  }
}

void test_memory() {
  Reconstructor reconstructor(fastpass::best_pixel_routines());
  const Frame large = make_frame(65535, 65535, ColorModel::kYcc, {{2, 2}, {1, 1}, {1, 1}});
  const CropBox everything{0, 0, 65535, 65535};
  refuses_memory = true;
  CHECK(reconstructor.begin(large, 1, everything, ImageView()).fault() ==
        fastpass::Fault::kOutOfMemory);
  refuses_memory = false;
  CHECK(reconstructor.begin(large, 1, everything, ImageView()).ok());
  CHECK(last_allocation < 4 << 20);  // two MCU rows, not 65535 rows
  const int before = num_allocations;
  for (int scale = 1; scale <= 8; scale *= 2) {
    CHECK(reconstructor.begin(large, scale, {0, 0, 50, 8000}, ImageView()).ok());
    // At 1/8, chroma still has 2 x 2 samples per block.
    CHECK((reconstructor.last_coefficient(0) == 0) == (scale == 8));
    CHECK(reconstructor.last_coefficient(1) == 63);
  }
  CHECK(num_allocations == before);
}

}  // namespace
}  // namespace fastpass_test

int main() {
  fastpass_test::test_memory();
  fastpass_test::test_every_small_size();
  fastpass_test::test_every_sampling_factor();
  fastpass_test::test_other_color_models();
  fastpass_test::test_larger_images();
  return RESULT();
}
