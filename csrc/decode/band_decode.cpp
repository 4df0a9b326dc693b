#include "decode/band_decode.h"

#include <algorithm>
#include <vector>

#include "common/parallel_for.h"
#include "decode/decoder_pool.h"
#include "decode/image_checks.h"
#include "decode/pixels/reconstruct.h"
#include "decode/turn_pixels.h"

namespace fastpass {
namespace {

// Below this a band costs more in neighbouring rows than it saves in time.
constexpr int kFewestMcuRows = 4;

// Band limits in rows of the scaled image, at MCU rows but for the first and the last.
std::vector<int> divide(const CropBox& crop, int mcu_height, int num_bands) {
  std::vector<int> limits = {crop.top};
  for (int band = 1; band < num_bands; ++band) {
    const auto rows = static_cast<int>(std::int64_t{crop.height} * band / num_bands);
    const int limit = (crop.top + rows) / mcu_height * mcu_height;
    if (limit > limits.back()) limits.push_back(limit);
  }
  limits.push_back(crop.top + crop.height);
  return limits;
}

// Without regard to EXIF.
Status decode_stored(const std::string& backend, const JpegHeaders& headers,
                     const DecodeOptions& options, int num_threads, PixelBuffer* pixels) {
  const Frame& frame = headers.markers().frame();
  FASTPASS_RETURN_IF_ERROR(check_pixel_budget(frame.width, frame.height, options.max_pixels));
  int width, height;
  Reconstructor::scaled_size(frame, options.scale_denominator, &width, &height);
  CropBox crop;
  FASTPASS_RETURN_IF_ERROR(resolve_crop(options, width, height, &crop));

  const int mcu_height = frame.max_v * 8 / options.scale_denominator;
  const int num_bands = std::min(num_threads, crop.height / (kFewestMcuRows * mcu_height));
  if (num_bands < 2 || !headers.markers().is_single_scan()) {
    return DecoderLease(backend).get()->decode(headers, options, pixels);
  }
  FASTPASS_RETURN_IF_ERROR(pixels->resize(crop.height, crop.width));
  const ImageView out = pixels->view();
  const std::vector<int> limits = divide(crop, mcu_height, num_bands);
  std::vector<Status> statuses(limits.size() - 1);
  parallel_for(
      static_cast<std::int64_t>(statuses.size()), num_threads, [&](std::int64_t index, int) {
        const auto band = static_cast<std::size_t>(index);
        const int top = limits[band], rows = limits[band + 1] - top;
        DecodeOptions own = options;
        own.crop = CropBox{top, crop.left, rows, crop.width};
        PixelBuffer view(out.row(top - crop.top),
                         static_cast<std::size_t>(out.stride) * static_cast<std::size_t>(rows));
        statuses[band] = DecoderLease(backend).get()->decode(headers, own, &view);
      });
  for (const Status& status : statuses) FASTPASS_RETURN_IF_ERROR(status);
  return {};
}

}  // namespace

Status decode_in_bands(const std::string& backend, const JpegHeaders& headers,
                       const DecodeOptions& options, int num_threads, PixelBuffer* pixels) {
  FASTPASS_RETURN_IF_ERROR(headers.status());
  PixelBuffer scratch;
  const auto stored = [&](const DecodeOptions& as_stored, PixelBuffer* out) {
    return decode_stored(backend, headers, as_stored, num_threads, out);
  };
  return decode_turned(headers, options, &scratch, pixels, stored);
}

}  // namespace fastpass
