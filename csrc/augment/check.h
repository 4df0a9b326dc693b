// What draw and render refuse, each with the field's name, the value that came and the range.
#pragma once

#include <cstdint>

#include "augment/params.h"
#include "common/status.h"
#include "common/view.h"

namespace fastpass {

constexpr std::int32_t kMaxViewSize = 8192;     // pixels per side of a view
constexpr std::int32_t kMaxSourceSide = 65535;  // pixels, as a JPEG's

Status check_spec(const ViewSpec& spec);
Status check_source_size(std::int64_t height, std::int64_t width);
Status check_source(const ImageView& source);
Status check_params(const ViewParams& params, const ViewSpec& spec, std::int32_t source_height,
                    std::int32_t source_width);

}  // namespace fastpass
