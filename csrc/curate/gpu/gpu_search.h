// Brute-force Hamming search on a GPU.
#pragma once

#include <cstdint>
#include <vector>

#include "common/gpu/device.h"
#include "common/gpu/growing_memory.h"
#include "common/status.h"
#include "curate/gpu/gpu_compare.h"
#include "curate/search/code_planes.h"
#include "curate/search/pair_collector.h"

namespace fastpass {

// Launches it: on a GPU (compare_cuda.cu), or on the CPU in its place (compare_twin.cpp).
class CompareKernels {
 public:
  virtual ~CompareKernels() = default;
  virtual Status run(int num_blocks, const CompareCodes& program, Stream stream) = 0;
};

// The same pairs as find_within() and find_between(), for codes of at most four words. Both wait
// for the GPU.
Status find_within_on_gpu(Device* device, CompareKernels* kernels, const CodeArray& codes,
                          const std::vector<std::uint32_t>& chosen, int radius,
                          PairCollector* pairs);
Status find_between_on_gpu(Device* device, CompareKernels* kernels, const CodeArray& queries,
                           const CodeArray& codes, int radius, PairCollector* pairs);

}  // namespace fastpass
