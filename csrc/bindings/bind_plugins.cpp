// What plug-ins need of Python. Their own way in is csrc/plugins/c_api.h, which this module
// exports.
#include <memory>
#include <utility>

#include "bindings/foreign_decoder.h"
#include "bindings/gpu_handle.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "plugins/plugin_ops.h"
#include "plugins/provided.h"

namespace fastpass {
namespace {

namespace py = pybind11;

// Kept until the process ends: what it may hold outlives Python.
GpuProvider make_gpu_provider(py::function find) {
  auto* const callable = new py::function(std::move(find));
  return [callable](int ordinal, std::shared_ptr<Gpu>* gpu) -> Status {
    const py::gil_scoped_acquire gil;
    try {
      *gpu = py::cast<std::shared_ptr<Gpu>>((*callable)(ordinal));
      return {};
    } catch (const py::error_already_set& error) {
      return {Fault::kDeviceFailed, status_of(error).message()};
    } catch (const std::exception& error) {  // no GPU was returned
      return {Fault::kDeviceFailed, error.what()};
    }
  };
}

}  // namespace

void register_plugins(py::module_& module) {
  module.def(
      "set_plugin_foreign_decoder",
      [](py::function decode) {
        set_plugin_foreign_decoder(make_foreign_decoder(std::move(decode)));
      },
      py::arg("decode"));
  module.def(
      "set_plugin_gpus",
      [](py::function find) { set_plugin_gpus(make_gpu_provider(std::move(find))); },
      py::arg("find"));
  module.def("define_plugin_op", &define_plugin_op, py::arg("name"), py::arg("op"));
}

}  // namespace fastpass
