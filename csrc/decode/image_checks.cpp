#include "decode/image_checks.h"

#include <string>

namespace fastpass {
namespace {

std::string size_of(int width, int height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

Status check_pixel_budget(int width, int height, std::int64_t max_pixels) {
  if (std::int64_t{width} * height <= max_pixels) return {};
  return {Fault::kImageTooLarge, "the JPEG declares " + size_of(width, height) +
                                     " pixels, the budget is " + std::to_string(max_pixels) +
                                     " (raise max_pixels if the file is genuine)"};
}

Status check_data_size(int width, int height, std::int64_t num_blocks, std::size_t num_bytes) {
  if (num_blocks / 8 <= static_cast<std::int64_t>(num_bytes)) return {};
  return {Fault::kCorruptImage,
          "truncated: " + std::to_string(num_bytes) + " bytes cannot hold the " +
              size_of(width, height) + " pixels that the header declares",
          static_cast<std::int64_t>(num_bytes)};
}

Status resolve_crop(const DecodeOptions& options, int width, int height, CropBox* crop) {
  *crop = options.crop.value_or(CropBox{0, 0, height, width});
  const bool fits = crop->top >= 0 && crop->left >= 0 && crop->height > 0 && crop->width > 0 &&
                    crop->height <= height - crop->top && crop->width <= width - crop->left;
  if (fits) return {};
  return {Fault::kBadArgument, "crop (top " + std::to_string(crop->top) + ", left " +
                                   std::to_string(crop->left) + ", height " +
                                   std::to_string(crop->height) + ", width " +
                                   std::to_string(crop->width) + ") is not inside the " +
                                   size_of(width, height) + " image"};
}

}  // namespace fastpass
