#include "bindings/buffers.h"
#include "bindings/image_info_tuple.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "decode/probe/probe.h"

namespace py = pybind11;

namespace fastpass {

void register_probe(py::module_& module) {
  module.def(
      "probe",
      [](const py::buffer& data) {
        const BorrowedBytes bytes(data);
        ImageInfo info;
        raise_if_error(probe(bytes.span(), &info));
        return image_info_tuple(info);
      },
      py::arg("data"), "The fields of fastpass.ImageInfo, in order.");
}

}  // namespace fastpass
