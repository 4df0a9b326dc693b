#include "decode/turn_pixels.h"

#include <algorithm>
#include <cstring>

namespace fastpass {
namespace {

// Pixels per side of a tile: its rows stay in the first-level cache while its columns are read.
constexpr int kTile = 32;

// Rows stay rows.
void turn_rows(const ImageView& stored, int orientation, const ImageView& shown) {
  const bool is_reversed = reverses_columns(orientation);
  for (int y = 0; y < shown.height; ++y) {
    const std::uint8_t* in = stored.row(reverses_rows(orientation) ? stored.height - 1 - y : y);
    std::uint8_t* out = shown.row(y);
    if (!is_reversed) {
      std::memcpy(out, in, std::size_t{3} * static_cast<std::size_t>(shown.width));
      continue;
    }
    in += 3 * (shown.width - 1);
    for (int x = 0; x < shown.width; ++x, in -= 3, out += 3) std::memcpy(out, in, 3);
  }
}

// The rows of `shown` are columns of `stored`.
void turn_tile(const ImageView& stored, int orientation, const ImageView& shown, int top,
               int left) {
  const int bottom = std::min(top + kTile, shown.height);
  const int right = std::min(left + kTile, shown.width);
  for (int y = top; y < bottom; ++y) {
    const int column = reverses_columns(orientation) ? stored.width - 1 - y : y;
    std::uint8_t* out = shown.row(y) + 3 * left;
    for (int x = left; x < right; ++x, out += 3) {
      const int row = reverses_rows(orientation) ? stored.height - 1 - x : x;
      std::memcpy(out, stored.row(row) + 3 * column, 3);
    }
  }
}

}  // namespace

void turn_pixels(const ImageView& stored, int orientation, const ImageView& shown) {
  if (!swaps_sides(orientation)) return turn_rows(stored, orientation, shown);
  for (int top = 0; top < shown.height; top += kTile) {
    for (int left = 0; left < shown.width; left += kTile) {
      turn_tile(stored, orientation, shown, top, left);
    }
  }
}

}  // namespace fastpass
