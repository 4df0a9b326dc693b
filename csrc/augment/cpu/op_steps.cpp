#include "augment/cpu/op_steps.h"

#include <algorithm>
#include <cstring>

#include "augment/normalize.h"

namespace fastpass {
namespace {

bool has_stage(const ViewOps& ops, ViewOpStage stage) {
  return std::any_of(ops.begin(), ops.end(), [&](const ViewOp& op) { return op.stage == stage; });
}

Status run_ops(const ViewOpWork& work, ViewOpStage stage, std::int32_t size, void* view) {
  std::uint8_t* const* outputs = work.outputs;
  for (std::size_t place = 0; place < work.ops->size(); ++place) {
    const ViewOp& op = (*work.ops)[place];
    if (op.stage == stage) {
      for (std::size_t i = 0; i < op.output_bytes.size(); ++i) {
        std::memset(outputs[i], 0, op.output_bytes[i]);
      }
      const Status status = op.run({view, size, view_op_key(work.key, place), outputs});
      FASTPASS_RETURN_IF_ERROR(
          status.at("view " + std::to_string(work.key.view_id) + ", view_op " + op.name));
    }
    outputs += op.output_bytes.size();
  }
  return {};
}

template <typename Value, typename Convert>
void convert(const float* values, std::ptrdiff_t plane, bool is_last, const Convert& to,
             void* out) {
  auto* stored = static_cast<Value*>(out);
  for (int channel = 0; channel < 3; ++channel) {
    for (std::ptrdiff_t i = 0; i < plane; ++i, ++values) {
      stored[is_last ? 3 * i + channel : channel * plane + i] = to(*values);
    }
  }
}

// An operation may leave what is no number.
std::uint16_t any_to_bfloat16(float value) {
  return value != value ? std::uint16_t{0x7FC0} : to_bfloat16(value);
}

void store_values(const float* values, std::int32_t size, const StoreFormat& format, void* out) {
  const std::ptrdiff_t plane = std::ptrdiff_t{size} * size;
  const bool is_last = format.memory_format == MemoryFormat::kChannelsLast;
  if (format.dtype == Dtype::kFloat16) {
    convert<std::uint16_t>(values, plane, is_last, to_float16, out);
  } else if (format.dtype == Dtype::kBfloat16) {
    convert<std::uint16_t>(values, plane, is_last, any_to_bfloat16, out);
  } else {
    convert<float>(values, plane, is_last, [](float value) { return value; }, out);
  }
}

}  // namespace

Status OpSteps::run(const ViewRows& view, StoreFormat format, const ViewOpWork& work, void* out) {
  const std::size_t count = 3 * static_cast<std::size_t>(view.size) * view.size;
  if (has_stage(*work.ops, ViewOpStage::kPixels)) {
    if (pixels_.size() < count) pixels_.resize(count);
    StoreFormat as_pixels = format;
    as_pixels.dtype = Dtype::kUint8;
    as_pixels.memory_format = MemoryFormat::kChannelsLast;
    routines_.store(view, as_pixels, pixels_.data());
    format.solarize_threshold = 256;  // done
    FASTPASS_RETURN_IF_ERROR(run_ops(work, ViewOpStage::kPixels, view.size, pixels_.data()));
    routines_.split(pixels_.data(), view);
  }
  if (!has_stage(*work.ops, ViewOpStage::kNormalized)) {
    routines_.store(view, format, out);
    return {};
  }
  if (format.dtype == Dtype::kUint8) {
    return {Fault::kBadArgument, "a view_op on normalized values came with uint8 views"};
  }
  StoreFormat as_values = format;
  as_values.dtype = Dtype::kFloat32;
  as_values.memory_format = MemoryFormat::kContiguous;
  const bool is_in_place =
      format.dtype == as_values.dtype && format.memory_format == as_values.memory_format;
  if (!is_in_place && values_.size() < count) values_.resize(count);
  void* values = is_in_place ? out : values_.data();
  routines_.store(view, as_values, values);
  FASTPASS_RETURN_IF_ERROR(run_ops(work, ViewOpStage::kNormalized, view.size, values));
  if (!is_in_place) store_values(values_.data(), view.size, format, out);
  return {};
}

}  // namespace fastpass
