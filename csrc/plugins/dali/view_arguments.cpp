#include "view_arguments.h"

#include <cstdint>
#include <stdexcept>

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

dali::DALIDataType dali_type(std::int32_t dtype) {
  switch (dtype) {
    case FASTPASS_BOOL:
      return DALI_BOOL;
    case FASTPASS_UINT8:
      return DALI_UINT8;
    case FASTPASS_INT32:
      return DALI_INT32;
    case FASTPASS_INT64:
      return DALI_INT64;
    default:
      return DALI_FLOAT;
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

std::string request_of(const dali::OpSpec& spec, const ViewArguments& arguments) {
  return decode_request(spec) + "mode " + spec.GetArgument<std::string>("mode") + "\ndtype " +
         dtype_name(arguments.type) + "\nnormalize " +
         (spec.GetArgument<bool>("normalize") ? "1" : "0") + "\nmemory_format " +
         (arguments.is_channels_last ? "channels_last" : "contiguous") + "\n" +
         recipe_views(spec.GetArgument<std::string>("recipe"));
}

}  // namespace

ViewArguments::ViewArguments(const dali::OpSpec& spec)
    : type(spec.GetArgument<dali::DALIDataType>("dtype")),
      is_channels_last(fastpass_dali::is_channels_last(spec)),
      has_reports(fastpass_dali::has_reports(spec)),
      request(request_of(spec, *this)) {}

dali::OutputDesc ViewArguments::view(int num_samples, std::int64_t size) const {
  const dali::TensorShape<> shape =
      is_channels_last ? dali::TensorShape<>{size, size, 3} : dali::TensorShape<>{3, size, size};
  return {dali::uniform_list_shape(num_samples, shape), type};
}

dali::OutputDesc ViewArguments::op_output(int num_samples, const fastpass_op_output& made) {
  const dali::TensorShape<> shape(made.shape, made.shape + made.num_dimensions);
  return {dali::uniform_list_shape(num_samples, shape), dali_type(made.dtype)};
}

dali::OutputDesc ViewArguments::reports(int num_samples) {
  const dali::TensorShape<> shape = {static_cast<std::int64_t>(sizeof(fastpass_report))};
  return {dali::uniform_list_shape(num_samples, shape), DALI_UINT8};
}

int count_outputs(const dali::OpSpec& spec) {
  const std::string views = recipe_views(spec.GetArgument<std::string>("recipe"));
  return count_views(views) + count_op_outputs(views) + (has_reports(spec) ? 1 : 0);
}

std::vector<fastpass_key> keys_of(const dali::OpSpec& spec, const dali::Workspace& workspace,
                                  int num_samples) {
  std::vector<fastpass_key> keys;
  for (int sample = 0; sample < num_samples; ++sample) {
    const std::int64_t epoch = integer_argument(spec, workspace, "epoch", sample);
    if (epoch < 0 || epoch > UINT32_MAX) {
      throw std::invalid_argument("fastpass.BadArgument: epoch = " + std::to_string(epoch) +
                                  ", wanted 0 to 4294967295");
    }
    const std::int64_t sample_id = workspace.NumInput() > 1
                                       ? integer_of(workspace.Input<dali::CPUBackend>(1), sample,
                                                    "the second input (sample ids)")
                                       : sample;
    const std::int64_t seed = integer_argument(spec, workspace, "seed", sample);
    keys.push_back(
        {static_cast<std::uint64_t>(seed), sample_id, static_cast<std::uint32_t>(epoch)});
  }
  return keys;
}

void raise_first_fault(const std::vector<fastpass_report>& reports, const Input& encoded,
                       const std::vector<fastpass_key>& keys) {
  for (std::size_t sample = 0; sample < reports.size(); ++sample) {
    if (reports[sample].fault == 0) continue;
    raise_if_fault(reports[sample], place_of(encoded, static_cast<int>(sample)) + ", sample id " +
                                        std::to_string(keys[sample].sample_id));
  }
}

}  // namespace fastpass_dali
