#include "augment/normalize_cuda.h"
#include "augment/normalize_views.h"
#include "common/cuda_check.h"
#include "common/map_cuda.cuh"

namespace fastpass {
namespace {

template <typename Out>
Status launch(const NormalizeCall& call, cudaStream_t stream) {
  const NormalizeViews<Out> functor = {call.pixels,
                                       static_cast<Out*>(call.out),
                                       call.pixels_per_plane,
                                       {call.mean[0], call.mean[1], call.mean[2]},
                                       {call.std[0], call.std[1], call.std[2]}};
  return check_cuda(map_on_gpu(call.num_views * 3 * call.pixels_per_plane, functor, stream),
                    "normalizing a batch of views");
}

}  // namespace

Status normalize_on_gpu(const NormalizeCall& call, void* stream) {
  const auto cuda_stream = static_cast<cudaStream_t>(stream);
  switch (call.dtype) {
    case Dtype::kFloat32:
      return launch<float>(call, cuda_stream);
    case Dtype::kFloat16:
      return launch<Float16Bits>(call, cuda_stream);
    case Dtype::kBfloat16:
      return launch<Bfloat16Bits>(call, cuda_stream);
    case Dtype::kUint8:
      break;
  }
  return {Fault::kBadArgument, "uint8 views are not normalized: there is nothing to launch"};
}

}  // namespace fastpass
