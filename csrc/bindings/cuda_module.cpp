#include <cuda_runtime.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "augment/gpu/gpu_passes.h"
#include "bindings/gpu_handle.h"
#include "bindings/raise.h"
#include "common/gpu/cuda_check.h"
#include "common/gpu/device.h"
#include "curate/gpu/gpu_search.h"
#include "decode/gpu/gpu_passes.h"

namespace fastpass {
namespace {

int device_count() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  forget_error(error);
  return error == cudaSuccess ? count : 0;
}

// The class belongs to _core, which is imported by then.
std::shared_ptr<GpuHandle> make_gpu(int ordinal) {
  auto gpu = std::make_shared<GpuHandle>();
  gpu->name = "cuda:" + std::to_string(ordinal);
  raise_if_error(make_cuda_device(ordinal, &gpu->device));
  gpu->decode = make_cuda_decode_kernels(ordinal);
  gpu->render = make_cuda_render_kernels(ordinal);
  gpu->search = make_cuda_search_kernels(ordinal);
  return gpu;
}

}  // namespace
}  // namespace fastpass

PYBIND11_MODULE(_cuda, module) {
  namespace py = pybind11;
  module.doc() = "CUDA code of fastpass. Importing it needs no GPU.";
  module.attr("ARCHITECTURES") = FASTPASS_CUDA_ARCHITECTURES;
  module.def("device_count", &fastpass::device_count);
  module.def("make_gpu", &fastpass::make_gpu, py::arg("ordinal"));
}
