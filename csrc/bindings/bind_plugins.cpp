// What plug-ins need of Python. Their own way in is csrc/plugins/c_api.h, which this module
// exports.
#include <utility>

#include "bindings/foreign_decoder.h"
#include "bindings/register.h"
#include "plugins/foreign_images.h"

namespace fastpass {

void register_plugins(pybind11::module_& module) {
  module.def(
      "set_plugin_foreign_decoder",
      [](pybind11::function decode) {
        set_plugin_foreign_decoder(make_foreign_decoder(std::move(decode)));
      },
      pybind11::arg("decode"));
}

}  // namespace fastpass
