#pragma once

namespace fastpass {

// A rectangle, in pixels of some image.
struct CropBox {
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;
};

}  // namespace fastpass
