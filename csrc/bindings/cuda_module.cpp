#include <cuda_runtime.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cstdint>
#include <string>

#include "augment/normalize_cuda.h"
#include "bindings/dtype_name.h"
#include "bindings/raise.h"

namespace fastpass {
namespace {

namespace py = pybind11;

// Pointers and stream as integers, as torch's data_ptr() and cuda_stream give them.
void normalize(std::uintptr_t pixels, std::uintptr_t out, const std::string& dtype,
               std::int64_t num_views, std::int64_t pixels_per_plane,
               const std::array<float, 3>& mean, const std::array<float, 3>& std,
               std::uintptr_t stream) {
  NormalizeCall call;
  call.pixels = reinterpret_cast<const std::uint8_t*>(pixels);
  call.out = reinterpret_cast<void*>(out);
  call.dtype = dtype_from_name(dtype);
  call.num_views = num_views;
  call.pixels_per_plane = pixels_per_plane;
  for (int channel = 0; channel < 3; ++channel) {
    call.mean[channel] = mean[static_cast<std::size_t>(channel)];
    call.std[channel] = std[static_cast<std::size_t>(channel)];
  }
  Status status;
  {
    const py::gil_scoped_release no_gil;
    status = normalize_on_gpu(call, reinterpret_cast<void*>(stream));
  }
  raise_if_error(status);
}

int device_count() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

}  // namespace
}  // namespace fastpass

PYBIND11_MODULE(_cuda, module) {
  namespace py = pybind11;
  module.doc() = "CUDA code of fastpass. Importing it needs no GPU.";
  module.attr("ARCHITECTURES") = FASTPASS_CUDA_ARCHITECTURES;
  module.def("device_count", &fastpass::device_count);
  module.def("normalize", &fastpass::normalize, py::kw_only(), py::arg("pixels"), py::arg("out"),
             py::arg("dtype"), py::arg("num_views"), py::arg("pixels_per_plane"), py::arg("mean"),
             py::arg("std"), py::arg("stream"));
}
