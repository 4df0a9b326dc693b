#include <cstdlib>
#include <new>
#include <vector>

#include "augment/cpu/view_renderer.h"
#include "augment/draw_view.h"
#include "support/check.h"

namespace {
int num_allocations = 0;
}

// GCC 14 sees this delete beside memory that it takes for another new's.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

void* operator new(std::size_t size) {
  ++num_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace fastpass {
namespace {

ViewSpec busy_spec(int size) {
  ViewSpec spec;
  spec.size = size;
  spec.interpolation = Interpolation::kBicubic;
  spec.jitter_probability = spec.blur_probability = 1.0;
  spec.grayscale_probability = spec.solarize_probability = 0.3;
  spec.brightness = spec.contrast = spec.saturation = 0.4;
  spec.hue = 0.1;
  return spec;
}

// Scratch grows to the largest crop seen and stays: a second round allocates nothing.
void test_the_steady_state_allocates_nothing() {
  const int height = 333, width = 444;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(height * width * 3), 90);
  const ImageView source = {pixels.data(), height, width, 3, width * 3};
  std::vector<float> out(3 * 96 * 96);
  ViewRenderer renderer;
  const auto render_many = [&] {
    const int before = num_allocations;
    for (std::uint64_t sample = 0; sample < 100; ++sample) {
      const ViewSpec spec = busy_spec(sample % 2 ? 96 : 64);
      ViewParams params;
      CHECK(draw_view(spec, height, width, {1, sample, 0, 0}, &params).ok());
      CHECK(renderer.render(whole_image(source), spec, params, ViewFormat(), out.data()).ok());
    }
    return num_allocations - before;
  };
  const int first_round = render_many();
  CHECK(first_round > 0 && first_round < 60);
  CHECK(render_many() == 0);
}

void test_refusals() {
  std::vector<std::uint8_t> pixels(10 * 10 * 3);
  std::vector<std::uint8_t> out(3 * 8 * 8);
  ViewSpec spec;
  spec.size = 8;
  ViewParams params;
  params.height = params.width = 10;
  params.resized_height = params.resized_width = 8;
  ViewFormat format;
  format.dtype = Dtype::kUint8;
  ViewRenderer renderer;
  const auto fault_of = [&](const SourceRegion& source) {
    return renderer.render(source, spec, params, format, out.data()).fault();
  };
  const auto fault_of_whole = [&](const ImageView& view) { return fault_of(whole_image(view)); };
  CHECK(fault_of_whole({pixels.data(), 10, 10, 3, 30}) == Fault::kNone);
  CHECK(fault_of_whole({nullptr, 10, 10, 3, 30}) == Fault::kBadArgument);
  CHECK(fault_of_whole({pixels.data(), 10, 10, 4, 40}) == Fault::kBadArgument);
  CHECK(fault_of_whole({pixels.data(), 10, 10, 3, 29}) == Fault::kBadArgument);
  CHECK(fault_of_whole({pixels.data(), 9, 10, 3, 30}) == Fault::kBadArgument);
  CHECK(fault_of_whole({pixels.data(), 0, 0, 3, 0}) == Fault::kBadArgument);

  // Regions: the box must have been decoded.
  const ImageView view = {pixels.data(), 10, 10, 3, 30};
  params.top = params.left = 3;
  CHECK(fault_of({view, 3, 3, 1, 20, 20}) == Fault::kNone);
  CHECK(fault_of({view, 4, 3, 1, 20, 20}) == Fault::kBadArgument);
  CHECK(fault_of({view, 3, 2, 1, 20, 20}) == Fault::kBadArgument);
  CHECK(fault_of({view, 3, 3, 1, 12, 20}) == Fault::kBadArgument);
  params.height = params.width = 20;
  CHECK(fault_of({view, 1, 1, 2, 40, 40}) == Fault::kBadArgument);  // rows 3 to 22: 1 to 11 of them
  params.height = params.width = 19;
  CHECK(fault_of({view, 1, 1, 2, 40, 40}) == Fault::kNone);
  CHECK(fault_of({view, 1, 1, 0, 40, 40}) == Fault::kBadArgument);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_the_steady_state_allocates_nothing();
  fastpass::test_refusals();
  return RESULT();
}
