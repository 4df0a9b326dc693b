// Brute-force Hamming search on a GPU.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/gpu/device.h"
#include "common/gpu/growing_memory.h"
#include "common/status.h"
#include "curate/gpu/gpu_compare.h"
#include "curate/search/code_planes.h"
#include "curate/search/pair_collector.h"

namespace fastpass {

// Launches the comparisons.
class SearchKernels {
 public:
  virtual ~SearchKernels() = default;
  virtual Status run(int num_blocks, const CompareCodes& program, Stream stream) = 0;
};

// On a CUDA GPU; part of the module _cuda only.
std::unique_ptr<SearchKernels> make_cuda_search_kernels(int ordinal);
// On the CPU in the place of a GPU (shuffled.h), safe from any thread. `seed`: of the order in
// which lanes run.
std::unique_ptr<SearchKernels> make_twin_search_kernels(std::uint64_t seed);

// The same pairs as find_within() and find_between(), for codes of at most four words. Both wait
// for the GPU.
Status find_within_on_gpu(Device* device, SearchKernels* kernels, const CodeArray& codes,
                          const std::vector<std::uint32_t>& chosen, int radius,
                          PairCollector* pairs);
Status find_between_on_gpu(Device* device, SearchKernels* kernels, const CodeArray& queries,
                           const CodeArray& codes, int radius, PairCollector* pairs);

}  // namespace fastpass
