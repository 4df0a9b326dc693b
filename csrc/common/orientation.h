// EXIF orientations (EXIF 2.32, 4.6.4 A): how an image is to be turned before it is shown.
//
//   1  as it is stored                 5  transposed
//   2  mirrored, left to right         6  turned by 90 degrees, clockwise
//   3  turned by 180 degrees           7  transposed along the other diagonal
//   4  mirrored, top to bottom         8  turned by 90 degrees, counterclockwise
#pragma once

#include "common/crop_box.h"
#include "common/hd.h"

namespace fastpass {

// Whether the height of the image that is stored is the width of the one that is shown.
FASTPASS_HD inline bool swaps_sides(int orientation) { return orientation >= 5; }

FASTPASS_HD inline bool reverses_rows(int orientation) {
  return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

FASTPASS_HD inline bool reverses_columns(int orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

// The box of the stored image, height x width pixels, that becomes `shown` of the turned one.
FASTPASS_HD inline CropBox stored_box(const CropBox& shown, int orientation, int height,
                                      int width) {
  CropBox box = shown;
  if (swaps_sides(orientation)) box = {shown.left, shown.top, shown.width, shown.height};
  if (reverses_rows(orientation)) box.top = height - box.top - box.height;
  if (reverses_columns(orientation)) box.left = width - box.left - box.width;
  return box;
}

}  // namespace fastpass
