// The passes of a batch that BatchDecoder has planned, and what launches them.
#pragma once

#include <cstdint>
#include <memory>

#include "common/gpu/device.h"
#include "common/status.h"
#include "decode/gpu/gpu_pixels.h"
#include "decode/gpu/gpu_scan.h"
#include "decode/gpu/gpu_spans.h"

namespace fastpass {

// A pass without blocks or lanes is left out.
struct DecodePasses {
  std::int64_t num_spans = 0;
  DecodeSpans spans;
  int num_scans = 0;
  DecodeScans scans;
  int num_transform_blocks = 0;
  TransformBlocks transform;
  int num_color_blocks = 0;
  ColorPixels color;
};

// In the order in which they run: map(number of lanes, functor, what it does) for the first pass,
// run(number of blocks, block program, what it does) for the others.
template <typename Map, typename Run>
Status for_each_pass(const DecodePasses& passes, const Map& map, const Run& run) {
  FASTPASS_RETURN_IF_ERROR(map(passes.num_spans, passes.spans, "decoding indexed files"));
  FASTPASS_RETURN_IF_ERROR(run(passes.num_scans, passes.scans, "decoding whole scans"));
  FASTPASS_RETURN_IF_ERROR(
      run(passes.num_transform_blocks, passes.transform, "transforming coefficients"));
  return run(passes.num_color_blocks, passes.color, "converting colors");
}

// Launches the passes of one planned batch of images; does not wait for them.
class DecodeKernels {
 public:
  virtual ~DecodeKernels() = default;
  virtual Status run(const DecodePasses& passes, Stream stream) = 0;
};

// On a CUDA GPU; part of the module _cuda only.
std::unique_ptr<DecodeKernels> make_cuda_decode_kernels(int ordinal);
// On the CPU in the place of a GPU (shuffled.h), safe from any thread. `seed`: of the order in
// which lanes run.
std::unique_ptr<DecodeKernels> make_twin_decode_kernels(std::uint64_t seed);

}  // namespace fastpass
