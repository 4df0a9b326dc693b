// Element-wise work on the CPU: the loop for which map_cuda.cuh is the kernel.
#pragma once

#include <cstdint>

namespace fastpass {

// functor(index) for every index in [0, count); the functor writes its own output.
template <typename Functor>
void map(std::int64_t count, const Functor& functor) {
  for (std::int64_t index = 0; index < count; ++index) functor(index);
}

}  // namespace fastpass
