// What the bytes of rendered views are.
#pragma once

#include <cstddef>

#include "augment/store_format.h"

namespace fastpass {

// `normalize` false leaves out mean and std, values are then pixel / 255; kUint8 is never
// normalized.
struct ViewFormat {
  Dtype dtype = Dtype::kFloat32;
  MemoryFormat memory_format = MemoryFormat::kContiguous;
  bool normalize = true;
};

// Of a view of size x size pixels.
constexpr std::size_t view_bytes(int size, Dtype dtype) {
  return 3 * static_cast<std::size_t>(size) * static_cast<std::size_t>(size) *
         static_cast<std::size_t>(dtype_bytes(dtype));
}

}  // namespace fastpass
