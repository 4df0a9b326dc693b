// fn.fastpass.decode: encoded images to RGB pixels, a box of them, at 1/1 to 1/8 of their size.
#include <cstdint>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "decode_regions.h"
#include "output_memory.h"
#include "request_arguments.h"
#include "sample_workers.h"

namespace fastpass_dali {
class Decode : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit Decode(const dali::OpSpec& spec)
      : StatelessOperator(spec), workers_(decode_request(spec)) {}

  // Reads the headers of all images.
  bool SetupImpl(std::vector<dali::OutputDesc>&, const dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const int num_samples = encoded.num_samples();
    if (num_samples > 0) check_encoded(encoded, "the first input");
    regions_ = regions_of(spec_, ws, num_samples);
    shapes_ = decoded_shapes(workers_.first(), encoded, regions_);
    return false;  // RunImpl takes memory of our own
  }

  void RunImpl(dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const int num_samples = encoded.num_samples();
    const Input* seek_indexes = seek_indexes_of(ws, 1, num_samples);
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
