// ImageInfo as the arguments of fastpass.types.ImageInfo.
#pragma once

#include <pybind11/pybind11.h>

#include "common/image_info.h"

namespace fastpass {

inline pybind11::tuple image_info_tuple(const ImageInfo& info) {
  return pybind11::make_tuple(name_of(info.format), info.width, info.height, info.num_components,
                              name_of(info.subsampling), info.is_progressive,
                              static_cast<int>(info.exif_orientation));
}

}  // namespace fastpass
