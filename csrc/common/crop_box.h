#pragma once

namespace fastpass {

struct CropBox {
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;
};

}  // namespace fastpass
