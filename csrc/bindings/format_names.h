// The format of views by the names that NumPy and torch use.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "augment/view_format.h"

namespace fastpass {

inline Dtype dtype_from_name(const std::string& name) {
  if (name == "uint8") return Dtype::kUint8;
  if (name == "float16") return Dtype::kFloat16;
  if (name == "bfloat16") return Dtype::kBfloat16;
  if (name == "float32") return Dtype::kFloat32;
  throw pybind11::value_error("dtype is " + name + ", wanted uint8, float16, bfloat16 or float32");
}

inline ViewFormat view_format(const std::string& dtype, bool channels_last) {
  ViewFormat format;
  format.dtype = dtype_from_name(dtype);
  if (channels_last) format.memory_format = MemoryFormat::kChannelsLast;
  return format;
}

}  // namespace fastpass
