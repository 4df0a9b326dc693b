#include "decode_regions.h"

#include <cstdint>
#include <stdexcept>
#include <string>

namespace fastpass_dali {
namespace {

// [top, left, height, width] of a sample; nothing where the argument is not there.
std::vector<int> crop_of(const dali::OpSpec& spec, const dali::ArgumentWorkspace& workspace,
                         int sample) {
  std::vector<int> crop;
  if (spec.HasTensorArgument("crop")) {
    const Input& input = workspace.ArgumentInput("crop");
    if (input.type() == DALI_INT32) {
      const auto* values = static_cast<const std::int32_t*>(input.raw_tensor(sample));
      crop.assign(values, values + input.tensor_shape(sample).num_elements());
    }
  } else if (!spec.TryGetRepeatedArgument(crop, "crop")) {
    return {};
  }
  if (crop.size() == 4) return crop;
  throw std::invalid_argument(
      "fastpass.BadArgument: crop must be four integers of 32 bits per sample: top, left, height, "
      "width");
}

fastpass_region region_of(const dali::OpSpec& spec, const dali::Workspace& ws, int sample) {
  const std::vector<int> crop = crop_of(spec, ws, sample);
  const auto scale =
      static_cast<std::int32_t>(integer_argument(spec, ws, "scale_denominator", sample));
  if (crop.empty()) return {0, 0, 0, 0, scale};
  if (crop[2] < 1) {  // 0 would stand for all of the image
    throw std::invalid_argument("fastpass.BadArgument: crop has the height " +
                                std::to_string(crop[2]) + ", wanted at least 1");
  }
  return {crop[0], crop[1], crop[2], crop[3], scale};
}

}  // namespace

std::vector<fastpass_region> regions_of(const dali::OpSpec& spec, const dali::Workspace& workspace,
                                        int num_samples) {
  std::vector<fastpass_region> regions;
  for (int sample = 0; sample < num_samples; ++sample) {
    regions.push_back(region_of(spec, workspace, sample));
  }
  return regions;
}

dali::TensorListShape<> decoded_shapes(fastpass_worker* worker, const Input& encoded,
                                       const std::vector<fastpass_region>& regions) {
  const int num_samples = encoded.num_samples();
  dali::TensorListShape<> shapes(num_samples, 3);
  for (int sample = 0; sample < num_samples; ++sample) {
    const fastpass_image image = image_of(encoded, nullptr, sample);
    std::int32_t height = 0, width = 0;
    fastpass_report report;
    core().decoded_size(worker, &image, &regions[static_cast<std::size_t>(sample)], &height, &width,
                        &report);
    raise_if_fault(report, place_of(encoded, sample));
    shapes.set_tensor_shape(sample, dali::TensorShape<>{height, width, 3});
  }
  return shapes;
}

}  // namespace fastpass_dali
