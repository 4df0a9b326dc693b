// fn.fastpass.multi_crop: encoded images to all views of a recipe, each image decoded once.
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "output_memory.h"
#include "request_arguments.h"
#include "sample_workers.h"

namespace fastpass_dali {
namespace {

const char* dtype_name(dali::DALIDataType type) {
  switch (type) {
    case DALI_UINT8:
      return "uint8";
    case DALI_FLOAT16:
      return "float16";
    case DALI_UINT16:  // DALI has no such type
      return "bfloat16";
    case DALI_FLOAT:
      return "float32";
    default:
      throw std::invalid_argument("fastpass.BadArgument: dtype = " + dali::to_string(type) +
                                  ", wanted FLOAT, FLOAT16, UINT8, or UINT16 for the bits of "
                                  "bfloat16");
  }
}

bool is_channels_last(const dali::OpSpec& spec) {
  const auto layout = spec.GetArgument<std::string>("output_layout");
  if (layout == "CHW" || layout == "HWC") return layout == "HWC";
  throw std::invalid_argument("fastpass.BadArgument: output_layout = \"" + layout +
                              "\", wanted \"CHW\" or \"HWC\"");
}

bool has_reports(const dali::OpSpec& spec) {
  const auto on_error = spec.GetArgument<std::string>("on_error");
  if (on_error == "raise" || on_error == "report") return on_error == "report";
  throw std::invalid_argument("fastpass.BadArgument: on_error = \"" + on_error +
                              "\", wanted \"raise\" or \"report\"");
}

std::string request_of(const dali::OpSpec& spec) {
  return decode_request(spec) + "mode " + spec.GetArgument<std::string>("mode") + "\ndtype " +
         dtype_name(spec.GetArgument<dali::DALIDataType>("dtype")) + "\nnormalize " +
         (spec.GetArgument<bool>("normalize") ? "1" : "0") + "\nmemory_format " +
         (is_channels_last(spec) ? "channels_last" : "contiguous") + "\n" +
         recipe_views(spec.GetArgument<std::string>("recipe"));
}

}  // namespace

class MultiCrop : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit MultiCrop(const dali::OpSpec& spec)
      : StatelessOperator(spec),
        workers_(request_of(spec)),
        num_views_(core().num_views(workers_.first())),
        type_(spec.GetArgument<dali::DALIDataType>("dtype")),
        is_channels_last_(is_channels_last(spec)),
        has_reports_(has_reports(spec)) {}

  bool SetupImpl(std::vector<dali::OutputDesc>&, const dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    if (encoded.num_samples() > 0) check_encoded(encoded, "the first input");
    return false;  // RunImpl takes memory of our own
  }

  void RunImpl(dali::Workspace& ws) override {
    const Input& encoded = ws.Input<dali::CPUBackend>(0);
    const Input* seek_indexes = ws.NumInput() > 2 ? &ws.Input<dali::CPUBackend>(2) : nullptr;
    const int num_samples = encoded.num_samples();
    if (seek_indexes != nullptr && num_samples > 0) check_encoded(*seek_indexes, "the third input");
    set_outputs(ws, num_samples);
    const std::vector<fastpass_key> keys = keys_of(ws, num_samples);
    const auto& reports = workers_.run(
        ws, encoded, [&](fastpass_worker* worker, int sample, fastpass_report* report) {
          render(ws, worker, image_of(encoded, seek_indexes, sample), keys.at(sample), sample,
                 report);
        });
    for (int sample = 0; sample < num_samples; ++sample) {
      if (has_reports_) {
        std::memcpy(ws.Output<dali::CPUBackend>(num_views_).raw_mutable_tensor(sample),
                    &reports[sample], sizeof(fastpass_report));
      } else {
        raise_if_fault(reports[sample], place_of(encoded, sample) + ", sample id " +
                                            std::to_string(keys[sample].sample_id));
      }
    }
  }

 private:
  std::vector<fastpass_key> keys_of(const dali::Workspace& ws, int num_samples) const {
    std::vector<fastpass_key> keys;
    for (int sample = 0; sample < num_samples; ++sample) {
      const std::int64_t epoch = integer_argument(spec_, ws, "epoch", sample);
      if (epoch < 0 || epoch > UINT32_MAX) {
        throw std::invalid_argument("fastpass.BadArgument: epoch = " + std::to_string(epoch) +
                                    ", wanted 0 to 4294967295");
      }
      const std::int64_t sample_id =
          ws.NumInput() > 1
              ? integer_of(ws.Input<dali::CPUBackend>(1), sample, "the second input (sample ids)")
              : sample;
      const std::int64_t seed = integer_argument(spec_, ws, "seed", sample);
      keys.push_back(
          {static_cast<std::uint64_t>(seed), sample_id, static_cast<std::uint32_t>(epoch)});
    }
    return keys;
  }

  void set_outputs(dali::Workspace& ws, int num_samples) {
    for (int view = 0; view < num_views_; ++view) {
      const std::int64_t size = core().view_size(workers_.first(), view);
      const dali::TensorShape<> shape = is_channels_last_ ? dali::TensorShape<>{size, size, 3}
                                                          : dali::TensorShape<>{3, size, size};
      memory_.set_output(ws, view, {dali::uniform_list_shape(num_samples, shape), type_},
                         is_channels_last_ ? "HWC" : "CHW");
    }
    if (has_reports_) {
      const dali::TensorShape<> shape = {static_cast<std::int64_t>(sizeof(fastpass_report))};
      memory_.set_output(ws, num_views_, {dali::uniform_list_shape(num_samples, shape), DALI_UINT8},
                         "");
    }
  }

  // The views of a damaged image are zeros.
  void render(dali::Workspace& ws, fastpass_worker* worker, const fastpass_image& image,
              const fastpass_key& key, int sample, fastpass_report* report) const {
    std::vector<std::uint8_t*> outputs;
    for (int view = 0; view < num_views_; ++view) {
      auto* memory = ws.Output<dali::CPUBackend>(view).raw_mutable_tensor(sample);
      outputs.push_back(static_cast<std::uint8_t*>(memory));
    }
    if (core().render(worker, &image, &key, outputs.data(), report) == 0) return;
    for (int view = 0; view < num_views_; ++view) {
      std::memset(outputs[view], 0,
                  ws.Output<dali::CPUBackend>(view).nbytes() /
                      ws.Output<dali::CPUBackend>(view).num_samples());
    }
  }

  SampleWorkers workers_;
  OutputMemory memory_;
  const int num_views_;
  const dali::DALIDataType type_;
  const bool is_channels_last_;
  const bool has_reports_;
};

}  // namespace fastpass_dali

namespace dali {

DALI_SCHEMA(fastpass__MultiCrop)
    .DocStr(R"(Renders all views of a recipe from encoded images, each decoded once.

One output per view of the recipe: the views of fastpass.render, bit for bit. They depend on the
seed, the epoch, the sample id and the image alone. What is no JPEG is decoded by Pillow, slowly.)")
    .NumInput(1, 3)
    .InputDox(0, "encoded", "1D TensorList of uint8",
              "The bytes of JPEG files, as readers give them.")
    .InputDox(
        1, "sample_ids", "TensorList of integers",
        "The id of each sample, of which its views depend; without it, its place in the batch.")
    .InputDox(2, "seek_indexes", "1D TensorList of uint8",
              "What fastpass.build_seek_index returned for each JPEG; empty where there is none.")
    .OutputFn([](const OpSpec& spec) {
      return fastpass_dali::count_views(
                 fastpass_dali::recipe_views(spec.GetArgument<std::string>("recipe"))) +
             (fastpass_dali::has_reports(spec) ? 1 : 0);
    })
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
