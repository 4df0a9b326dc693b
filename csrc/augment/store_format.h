// How a finished view is written.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastpass {

enum class Dtype : std::uint8_t { kUint8, kFloat16, kBfloat16, kFloat32 };

constexpr int dtype_bytes(Dtype dtype) {
  return dtype == Dtype::kUint8 ? 1 : dtype == Dtype::kFloat32 ? 4 : 2;
}

// The order in memory of a view: [3, size, size] or [size, size, 3].
enum class MemoryFormat : std::uint8_t { kContiguous, kChannelsLast };

// What the bytes of rendered views are: `normalize` false leaves out mean and std, values are then
// pixel / 255; kUint8 is never normalized.
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

// ViewFormat with the numbers of one view: what the last step of rendering needs to know.
struct StoreFormat {
  Dtype dtype = Dtype::kFloat32;
  MemoryFormat memory_format = MemoryFormat::kContiguous;
  // Values are (pixel / 255 - mean) / std, but for kUint8: the pixel.
  float mean[3] = {0.0f, 0.0f, 0.0f};
  float std[3] = {1.0f, 1.0f, 1.0f};
  // Pixels from here on are inverted first; 256: none.
  std::int32_t solarize_threshold = 256;
};

}  // namespace fastpass
