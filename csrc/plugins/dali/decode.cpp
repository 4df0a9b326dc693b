// fn.fastpass.decode: encoded images to RGB pixels, a box of them, at 1/1 to 1/8 of their size.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "output_memory.h"
#include "request_arguments.h"
#include "sample_workers.h"

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

}  // namespace

class Decode : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit Decode(const dali::OpSpec& spec)
      : StatelessOperator(spec), workers_(decode_request(spec)) {}

  // Reads the headers of all images.
  bool SetupImpl(std::vector<dali::OutputDesc>&, const dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const int num_samples = encoded.num_samples();
    if (num_samples > 0) check_encoded(encoded, "the first input");
    shapes_.resize(num_samples, 3);
    regions_.clear();
    for (int sample = 0; sample < num_samples; ++sample) {
      regions_.push_back(region_of(ws, sample));
      const fastpass_image image = image_of(encoded, nullptr, sample);
      std::int32_t height = 0, width = 0;
      fastpass_report report;
      core().decoded_size(workers_.first(), &image, &regions_.back(), &height, &width, &report);
      raise_if_fault(report, place_of(encoded, sample));
      shapes_.set_tensor_shape(sample, dali::TensorShape<>{height, width, 3});
    }
    return false;  // RunImpl takes memory of our own
  }

  void RunImpl(dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const Input* seek_indexes = ws.NumInput() > 1 ? &ws.Input<dali::CPUBackend>(1) : nullptr;
    const int num_samples = encoded.num_samples();
    if (seek_indexes != nullptr && num_samples > 0) {
      check_encoded(*seek_indexes, "the second input");
    }
    memory_.set_output(ws, 0, {shapes_, DALI_UINT8}, "HWC");
    auto& pixels = ws.Output<dali::CPUBackend>(0);
    const auto& reports =
        workers_.run(ws.GetThreadPool(), encoded,
                     [&](fastpass_worker* worker, int sample, fastpass_report* report) {
                       const fastpass_image image = image_of(encoded, seek_indexes, sample);
                       core().decode(worker, &image, &regions_[static_cast<std::size_t>(sample)],
                                     static_cast<std::uint8_t*>(pixels.raw_mutable_tensor(sample)),
                                     pixels.tensor_shape(sample).num_elements(), report);
                     });
    for (int sample = 0; sample < num_samples; ++sample) {
      raise_if_fault(reports[static_cast<std::size_t>(sample)], place_of(encoded, sample));
    }
  }

 private:
  fastpass_region region_of(const dali::Workspace& ws, int sample) const {
    const std::vector<int> crop = crop_of(spec_, ws, sample);
    const auto scale =
        static_cast<std::int32_t>(integer_argument(spec_, ws, "scale_denominator", sample));
    if (crop.empty()) return {0, 0, 0, 0, scale};
    if (crop[2] < 1) {  // 0 would stand for all of the image
      throw std::invalid_argument("fastpass.BadArgument: crop has the height " +
                                  std::to_string(crop[2]) + ", wanted at least 1");
    }
    return {crop[0], crop[1], crop[2], crop[3], scale};
  }

  SampleWorkers workers_;
  OutputMemory memory_;
  std::vector<fastpass_region> regions_;  // [sample], from SetupImpl to RunImpl
  dali::TensorListShape<> shapes_;        // the same
};

}  // namespace fastpass_dali

namespace dali {

DALI_SCHEMA(fastpass__Decode)
    .DocStr(R"(Decodes images to RGB pixels, uint8 [height, width, 3].

The pixels are those of fastpass.decode_jpeg and fastpass.decode_image, bit for bit. Of a crop, only
what it needs is decoded. What is no JPEG is decoded by Pillow, slowly.)")
    .NumInput(1, 2)
    .NumOutput(1)
    .InputDox(0, "encoded", "1D TensorList of uint8",
              "The bytes of image files, as readers give them.")
    .InputDox(1, "seek_indexes", "1D TensorList of uint8",
              "What fastpass.build_seek_index returned for each JPEG; empty where there is none.")
    .AddOptionalArg<std::vector<int>>("crop",
                                      "Top, left, height and width in pixels after scaling, of "
                                      "the image as its orientation shows it.",
                                      nullptr, true)
    .AddOptionalArg<int64_t>("scale_denominator",
                             "2, 4 or 8: JPEGs are decoded at 1/2, 1/4 or 1/8 (DCT scaling).", 1,
                             true)
    .AddParent("fastpass__Request");

DALI_REGISTER_OPERATOR(fastpass__Decode, ::fastpass_dali::Decode, CPU);

}  // namespace dali
