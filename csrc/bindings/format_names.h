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

// bfloat16 travels as its uint16 bits: NumPy has no such type.
inline const char* numpy_name(Dtype dtype) {
  constexpr const char* kNames[] = {"uint8", "float16", "uint16", "float32"};
  return kNames[static_cast<int>(dtype)];
}

inline ViewFormat view_format(const std::string& dtype, bool channels_last, bool normalize = true) {
  ViewFormat format;
  format.dtype = dtype_from_name(dtype);
  format.normalize = normalize;
  if (channels_last) format.memory_format = MemoryFormat::kChannelsLast;
  return format;
}

}  // namespace fastpass
