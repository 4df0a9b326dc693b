// Images as they are to be shown: turned by the orientation in their EXIF block.
#pragma once

#include "common/image_info.h"
#include "common/orientation.h"
#include "common/status.h"
#include "common/view.h"
#include "decode/decode_options.h"
#include "decode/image_checks.h"
#include "decode/pixel_buffer.h"
#include "decode/syntax/jpeg_headers.h"

namespace fastpass {

// `shown` has the height and the width of `stored`, or, where swaps_sides(orientation), its width
// and its height. Both are RGB and do not overlap.
void turn_pixels(const ImageView& stored, int orientation, const ImageView& shown);

// What applies to this file: 1 where the caller wants pixels as they are stored.
inline int orientation_of(const JpegHeaders& headers, const DecodeOptions& options) {
  return options.applies_orientation ? headers.info().exif_orientation : 1;
}

// The largest denominator, of `wanted` and its halves, at which the image that is shown begins with
// a whole scaled pixel: a side that is stored in reverse is scaled only by what divides it.
inline int whole_pixel_scale(const ImageInfo& stored, int orientation, int wanted) {
  int denominator = wanted;
  while ((reverses_rows(orientation) && stored.height % denominator != 0) ||
         (reverses_columns(orientation) && stored.width % denominator != 0)) {
    denominator /= 2;
  }
  return denominator;
}

// Decodes by `decode_stored(options, pixels)`, which knows nothing of orientations: the box that
// the caller's crop comes from is decoded into `scratch`, and turned.
template <typename DecodeStored>
Status decode_turned(const JpegHeaders& headers, const DecodeOptions& options, PixelBuffer* scratch,
                     PixelBuffer* pixels, const DecodeStored& decode_stored) {
  const int orientation = orientation_of(headers, options);
  if (!options.applies_orientation) return decode_stored(options, pixels);
  DecodeOptions stored = options;
  stored.applies_orientation = false;
  if (orientation == 1) return decode_stored(stored, pixels);
  const int scale = options.scale_denominator;
  const int height = (headers.info().height + scale - 1) / scale;
  const int width = (headers.info().width + scale - 1) / scale;
  const bool is_swapped = swaps_sides(orientation);
  CropBox crop;
  FASTPASS_RETURN_IF_ERROR(
      resolve_crop(options, is_swapped ? height : width, is_swapped ? width : height, &crop));
  if (options.crop) stored.crop = stored_box(crop, orientation, height, width);
  FASTPASS_RETURN_IF_ERROR(decode_stored(stored, scratch));
  FASTPASS_RETURN_IF_ERROR(pixels->resize(crop.height, crop.width));
  turn_pixels(scratch->view(), orientation, pixels->view());
  return {};
}

}  // namespace fastpass
