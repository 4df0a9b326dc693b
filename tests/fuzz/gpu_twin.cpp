#include "gpu_twin.h"

#include <cstring>
#include <memory>

#include "common/gpu/device_twin.h"
#include "decode/decoder_registry.h"
#include "decode/gpu/batch_decoder.h"
#include "decode/gpu/gpu_passes.h"

namespace fastpass_fuzz {
namespace {

using fastpass::ImageView;
using fastpass::Status;

struct Twin {
  fastpass::TwinDevice device;
  std::unique_ptr<fastpass::DecodeKernels> kernels = fastpass::make_twin_decode_kernels(1);
  fastpass::BatchDecoder decoder{&device, kernels.get()};
  fastpass::ImagePlanner planner;
  fastpass::ImagePlan plan;
  std::unique_ptr<fastpass::Decoder> cpu = fastpass::make_decoder("auto");
  fastpass::PixelBuffer expected;
};

bool is_same(const ImageView& a, const ImageView& b) {
  if (a.height != b.height || a.width != b.width) return false;
  for (int y = 0; y < a.height; ++y) {
    if (std::memcmp(a.row(y), b.row(y), 3 * static_cast<std::size_t>(a.width)) != 0) return false;
  }
  return true;
}

}  // namespace

GpuOutcome compare_gpu_twin(fastpass::Span input, const fastpass::DecodeOptions& options) {
  static Twin twin;
  const Status planned = twin.planner.plan(input, options, &twin.plan);
  const Status status = twin.cpu->decode(input, options, &twin.expected);
  if (!planned.ok()) {
    const bool is_same_status = planned.fault() == status.fault() &&
                                planned.message() == status.message() &&
                                planned.byte_offset() == status.byte_offset();
    return is_same_status ? GpuOutcome::kSame : GpuOutcome::kOther;
  }
  if (!twin.decoder.queue({&twin.plan}, {nullptr}, nullptr).ok()) return GpuOutcome::kOther;
  if (twin.decoder.is_given_up(0)) return GpuOutcome::kGivenUp;
  const bool agrees = status.ok() && is_same(twin.decoder.pixels(0), twin.expected.view());
  return agrees ? GpuOutcome::kSame : GpuOutcome::kOther;
}

}  // namespace fastpass_fuzz
