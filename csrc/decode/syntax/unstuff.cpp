#include "decode/syntax/unstuff.h"

#include <algorithm>
#include <cstring>

namespace fastpass {
namespace {

std::size_t distance_to_ff(const std::uint8_t* from, std::size_t size) {
  const void* found = size == 0 ? nullptr : std::memchr(from, 0xFF, size);
  return found == nullptr
             ? size
             : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - from);
}

}  // namespace

CleanData remove_stuffing(Span data, std::uint8_t* out) {
  CleanData clean;
  for (;;) {
    const std::size_t count = distance_to_ff(data.data + clean.end, data.size - clean.end);
    if (count != 0) std::memcpy(out + clean.size, data.data + clean.end, count);
    clean.size += count;
    clean.end += count;
    if (clean.end + 1 >= data.size || data.data[clean.end + 1] != 0) return clean;
    out[clean.size++] = 0xFF;
    clean.end += 2;
  }
}

std::size_t stuffed_size(Span data, std::size_t num_clean) {
  std::size_t at = 0;
  while (num_clean > 0 && at < data.size) {
    const std::size_t count = std::min(num_clean, distance_to_ff(data.data + at, data.size - at));
    at += count;
    num_clean -= count;
    if (num_clean == 0 || at + 1 >= data.size) break;
    at += 2;
    --num_clean;
  }
  return std::min(at, data.size);
}

}  // namespace fastpass
