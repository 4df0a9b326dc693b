// fn.fastpass.multi_crop: encoded images to all views of a recipe, each image decoded once.
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "output_memory.h"
#include "request_arguments.h"
#include "sample_workers.h"
#include "view_arguments.h"

namespace fastpass_dali {

class MultiCrop : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit MultiCrop(const dali::OpSpec& spec)
      : StatelessOperator(spec),
        arguments_(spec),
        workers_(arguments_.request),
        num_views_(core().num_views(workers_.first())),
        num_op_outputs_(core().num_op_outputs(workers_.first())) {}

  bool SetupImpl(std::vector<dali::OutputDesc>&, const dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    if (encoded.num_samples() > 0) check_encoded(encoded, "the first input");
    return false;  // RunImpl takes memory of our own
  }

  void RunImpl(dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const int num_samples = encoded.num_samples();
    const Input* seek_indexes = seek_indexes_of(ws, 2, num_samples);
    const std::vector<fastpass_key> keys = keys_of(spec_, ws, num_samples);
    set_outputs(ws, num_samples);
    const auto& reports =
        workers_.run(ws.GetThreadPool(), encoded,
                     [&](fastpass_worker* worker, int sample, fastpass_report* report) {
                       render(ws, worker, image_of(encoded, seek_indexes, sample),
                              keys[static_cast<std::size_t>(sample)], sample, report);
                     });
    if (!arguments_.has_reports) return raise_first_fault(reports, encoded, keys);
    auto& told = ws.Output<dali::CPUBackend>(num_views_ + num_op_outputs_);
    for (int sample = 0; sample < num_samples; ++sample) {
      std::memcpy(told.raw_mutable_tensor(sample), &reports[static_cast<std::size_t>(sample)],
                  sizeof(fastpass_report));
    }
  }

 private:
  void set_outputs(dali::Workspace& ws, int num_samples) {
    for (int view = 0; view < num_views_; ++view) {
      const std::int64_t size = core().view_size(workers_.first(), view);
      memory_.set_output(ws, view, arguments_.view(num_samples, size), arguments_.layout());
    }
    for (int output = 0; output < num_op_outputs_; ++output) {
      const fastpass_op_output made = core().get_op_output(workers_.first(), output);
      memory_.set_output(ws, num_views_ + output, arguments_.op_output(num_samples, made), "");
    }
    if (arguments_.has_reports) {
      memory_.set_output(ws, num_views_ + num_op_outputs_, arguments_.reports(num_samples), "");
    }
  }

  // The views of a damaged image are zeros, and so are the outputs of operations.
  void render(dali::Workspace& ws, fastpass_worker* worker, const fastpass_image& image,
              const fastpass_key& key, int sample, fastpass_report* report) const {
    std::vector<std::uint8_t*> outputs;
    for (int output = 0; output < num_views_ + num_op_outputs_; ++output) {
      auto* memory = ws.Output<dali::CPUBackend>(output).raw_mutable_tensor(sample);
      outputs.push_back(static_cast<std::uint8_t*>(memory));
    }
    if (core().render(worker, &image, &key, outputs.data(), report) == 0) return;
    for (int output = 0; output < num_views_ + num_op_outputs_; ++output) {
      std::memset(outputs[static_cast<std::size_t>(output)], 0, bytes_of(worker, output));
    }
  }

  std::size_t bytes_of(const fastpass_worker* worker, int output) const {
    const std::int64_t bytes = output < num_views_
                                   ? core().view_bytes(worker, output)
                                   : core().get_op_output(worker, output - num_views_).num_bytes;
    return static_cast<std::size_t>(bytes);
  }

  const ViewArguments arguments_;
  SampleWorkers workers_;
  OutputMemory memory_;
  const int num_views_, num_op_outputs_;
};

}  // namespace fastpass_dali

namespace dali {

DALI_SCHEMA(fastpass__MultiCrop)
    .DocStr(R"(Renders all views of a recipe from encoded images, each decoded once.

One output per view of the recipe: the views of fastpass.render, bit for bit. They depend on the
seed, the epoch, the sample id and the image alone. What is no JPEG is decoded by Pillow, slowly.

The outputs of operations on views (fastpass.view_op) follow, view by view.)")
    .NumInput(1, 3)
    .InputDox(0, "encoded", "1D TensorList of uint8",
              "The bytes of JPEG files, as readers give them.")
    .InputDox(
        1, "sample_ids", "TensorList of integers",
        "The id of each sample, of which its views depend; without it, its place in the batch.")
    .InputDox(2, "seek_indexes", "1D TensorList of uint8",
              "What fastpass.build_seek_index returned for each JPEG; empty where there is none.")
    .OutputFn([](const OpSpec& spec) { return fastpass_dali::count_outputs(spec); })
    .AddArg("recipe",
            R"(The name of a published recipe ("dino"), or what fastpass.feed.dali.recipe() returned
for a Recipe or a FILE.toml.)",
            DALI_STRING)
    .AddArg("epoch",
            R"(A number that differs whenever new views of the same sample are wanted: the epoch, or
random numbers.)",
            DALI_INT64, true)
    .AddArg("seed", "Of all random numbers.", DALI_INT64, true)
    .AddOptionalTypeArg("dtype",
                        R"(FLOAT or FLOAT16: normalized; UINT8: the pixels; UINT16: the bits of
bfloat16.)",
                        DALI_FLOAT)
    .AddOptionalArg("output_layout", R"("CHW" or "HWC".)", std::string("CHW"))
    .AddOptionalArg("normalize", "False: values are pixel / 255.", true)
    .AddOptionalArg("mode", R"("fast" or "exact", as for fastpass.render.)", std::string("fast"))
    .AddOptionalArg("on_error",
                    R"("raise": a damaged image ends the iteration. "report": its views are zeros,
and one more output says what became of each sample: fastpass.feed.dali.faults() reads it.)",
                    std::string("raise"))
    .AddParent("fastpass__Request");

DALI_REGISTER_OPERATOR(fastpass__MultiCrop, ::fastpass_dali::MultiCrop, CPU);

}  // namespace dali
