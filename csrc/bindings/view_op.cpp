#include "bindings/view_op.h"

#include <pybind11/numpy.h>

#include <memory>
#include <utility>

#include "bindings/raise.h"

namespace fastpass {
namespace {

namespace py = pybind11;
using Compiled = std::int32_t (*)(void*, std::int64_t, std::uint64_t, std::uint8_t* const*);

// Shows memory for as long as the call lasts.
template <typename Value>
py::array shown(std::vector<py::ssize_t> shape, void* memory) {
  const py::capsule nobody(memory, [](void*) {});
  return py::array_t<Value>(std::move(shape), static_cast<Value*>(memory), nobody);
}

py::array shown_view(const ViewOpCall& call, ViewOpStage stage) {
  const py::ssize_t size = call.size;
  if (stage == ViewOpStage::kPixels) return shown<std::uint8_t>({size, size, 3}, call.view);
  return shown<float>({3, size, size}, call.view);
}

Status call_python(const py::function& function, ViewOpStage stage,
                   const std::vector<std::size_t>& output_bytes, const ViewOpCall& call) {
  const py::gil_scoped_acquire gil;
  try {
    py::list outputs;
    for (std::size_t i = 0; i < output_bytes.size(); ++i) {
      outputs.append(
          shown<std::uint8_t>({static_cast<py::ssize_t>(output_bytes[i])}, call.outputs[i]));
    }
    function(shown_view(call, stage), call.key, outputs);
    return {};
  } catch (const py::error_already_set& error) {
    return status_of(error);
  } catch (const std::exception& error) {  // pybind11's own, for want of memory
    return {Fault::kOutOfMemory, error.what()};
  }
}

}  // namespace

ViewOp make_view_op(std::string name, bool is_normalized, std::uintptr_t address, py::function call,
                    std::vector<std::size_t> output_bytes) {
  ViewOp op;
  op.name = std::move(name);
  op.stage = is_normalized ? ViewOpStage::kNormalized : ViewOpStage::kPixels;
  op.output_bytes = std::move(output_bytes);
  const std::shared_ptr<py::function> callable(new py::function(std::move(call)),
                                               [](py::function* held) {
                                                 const py::gil_scoped_acquire gil;
                                                 delete held;
                                               });
  const auto compiled = reinterpret_cast<Compiled>(address);
  op.run = [compiled, callable, stage = op.stage,
            bytes = op.output_bytes](const ViewOpCall& work) -> Status {
    if (compiled == nullptr) return call_python(*callable, stage, bytes, work);
    if (compiled(work.view, work.size, work.key, work.outputs) == 0) return {};
    FASTPASS_RETURN_IF_ERROR(call_python(*callable, stage, bytes, work));
    return {Fault::kBadViewOp, "it raised an exception, but not when it was run again in Python"};
  };
  return op;
}

}  // namespace fastpass
