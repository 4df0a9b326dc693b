#include "decode/syntax/jpeg_headers.h"

#include "decode/probe/probe_formats.h"

namespace fastpass {
namespace {

ImageInfo info_of(const MarkerReader& markers) {
  const Frame& frame = markers.frame();
  ImageInfo info;
  info.format = ImageFormat::kJpeg;
  info.height = frame.height;
  info.width = frame.width;
  info.num_components = frame.num_components;
  info.is_progressive = frame.is_progressive;
  info.exif_orientation = markers.exif_orientation();
  SamplingFactors factors[kMaxComponents];
  for (int i = 0; i < frame.num_components; ++i) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(i)];
    factors[i] = {component.h, component.v};
  }
  info.subsampling = classify_subsampling(factors, frame.num_components);
  return info;
}

}  // namespace

Status JpegHeaders::read(Span jpeg) {
  jpeg_ = jpeg;
  info_ = ImageInfo();
  status_ = markers_.open(jpeg);
  if (status_.ok()) {
    info_ = info_of(markers_);
    return {};
  }
  // The size of the image comes before most of what may be wrong.
  if (!is_jpeg(jpeg)) return status_;
  return probe_jpeg(jpeg, &info_);
}

}  // namespace fastpass
