// What every JPEG decoder asks of an image before it takes memory for it.
#pragma once

#include <cstdint>

#include "common/status.h"
#include "common/view.h"
#include "decode/decode_options.h"

namespace fastpass {

// kImageTooLarge.
Status check_pixel_budget(int width, int height, std::int64_t max_pixels);
// kCorruptImage where a file of `num_bytes` cannot hold that many blocks, a bit for each.
Status check_data_size(int width, int height, std::int64_t num_blocks, std::size_t num_bytes);
// The crop of a width x height image, all of it where none is asked for; kBadArgument where it is
// not inside.
Status resolve_crop(const DecodeOptions& options, int width, int height, CropBox* crop);

}  // namespace fastpass
