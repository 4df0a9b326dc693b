#include "plugins/request_ops.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "plugins/c_api.h"
#include "plugins/plugin_ops.h"

namespace fastpass {
namespace {

constexpr std::int64_t kMostValues = std::int64_t{1} << 28;  // fastpass/augment/operation.py

struct ValueType {
  std::string_view name;
  std::int32_t dtype;
  std::size_t bytes;
};
constexpr ValueType kValueTypes[] = {
    {"bool", FASTPASS_BOOL, 1},   {"uint8", FASTPASS_UINT8, 1},     {"int32", FASTPASS_INT32, 4},
    {"int64", FASTPASS_INT64, 8}, {"float32", FASTPASS_FLOAT32, 4},
};

// What stands before the next space of `text`, which then begins behind it.
std::string_view next_word(std::string_view* text) {
  const std::size_t end = std::min(text->find(' '), text->size());
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return word;
}

bool read_side(std::string_view word, std::int64_t* side) {
  const char* end = word.data() + word.size();
  const auto [stopped, error] = std::from_chars(word.data(), end, *side);
  return error == std::errc() && stopped == end && *side >= 1 && *side <= kMostValues;
}

}  // namespace

Status read_op(std::string_view name, SampleOptions* sample) {
  ViewOp op;
  if (!find_plugin_op(name, &op)) {
    return {Fault::kBadArgument,
            "the request has the view_op " + std::string(name.substr(0, 200)) +
                ", which was not made in this process: make the request in the process that "
                "renders"};
  }
  sample->ops.resize(sample->views.size());
  sample->ops.back().push_back(std::move(op));
  return {};
}

bool read_output(std::string_view text, RequestOutput* output) {
  next_word(&text);  // its name, for people
  const std::string_view name = next_word(&text);
  const auto* type = std::find_if(std::begin(kValueTypes), std::end(kValueTypes),
                                  [&](const ValueType& known) { return known.name == name; });
  if (type == std::end(kValueTypes)) return false;
  output->dtype = type->dtype;
  std::int64_t values = 1;
  while (!text.empty()) {
    std::int64_t side = 0;
    if (!read_side(next_word(&text), &side)) return false;
    values *= side;
    if (values > kMostValues) return false;
    output->shape.push_back(side);
  }
  output->bytes = static_cast<std::size_t>(values) * type->bytes;
  return true;
}

Status check_ops(const SampleOptions& sample, const std::vector<RequestOutput>& outputs,
                 bool is_uint8) {
  std::vector<std::size_t> described;
  for (const RequestOutput& output : outputs) described.push_back(output.bytes);
  if (described != op_output_bytes(sample)) {
    return {Fault::kBadArgument, "the request describes other outputs than its operations have"};
  }
  for (const ViewOps& ops : sample.ops) {
    for (const ViewOp& op : ops) {
      if (is_uint8 && op.stage == ViewOpStage::kNormalized) {
        return {Fault::kBadArgument, "the view_op " + op.name +
                                         " works on normalized values: wanted a floating-point "
                                         "dtype, or an operation on pixels (normalized=False)"};
      }
    }
  }
  return {};
}

}  // namespace fastpass
