// How a finished view is written.
#pragma once

#include <cstdint>

namespace fastpass {

enum class Dtype : std::uint8_t { kUint8, kFloat16, kBfloat16, kFloat32 };

constexpr int dtype_bytes(Dtype dtype) {
  return dtype == Dtype::kUint8 ? 1 : dtype == Dtype::kFloat32 ? 4 : 2;
}

// The order in memory of a view: [3, size, size] or [size, size, 3].
enum class MemoryFormat : std::uint8_t { kContiguous, kChannelsLast };

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
