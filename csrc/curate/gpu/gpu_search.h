// Brute-force Hamming search on a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/gpu/device.h"
#include "common/gpu/growing_memory.h"
#include "common/status.h"
#include "curate/gpu/gpu_compare.h"
#include "curate/search/hamming_search.h"

namespace fastpass {

// Launches it: on a GPU (compare_cuda.cu), or on the CPU in its place (compare_twin.cpp).
class CompareKernels {
 public:
  virtual ~CompareKernels() = default;
  virtual Status run(int num_blocks, const CompareCodes& program, Stream stream) = 0;
};

// The same pairs as find_pairs() and find_matches(), for codes of at most four words. `b` nullptr:
// of one set, first < second. Waits for the device.
Status find_on_device(Device* device, CompareKernels* kernels, const CodeArray& a,
                      const CodeArray* b, int radius, std::size_t max_pairs,
                      std::vector<IdPair>* pairs);

}  // namespace fastpass
