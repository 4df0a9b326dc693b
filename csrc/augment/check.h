// What draw and render refuse, each with the field's name, the value that came and the range.
#pragma once

#include <cstdint>

#include "augment/params.h"
#include "augment/source_region.h"
#include "common/status.h"

namespace fastpass {

constexpr std::int32_t kMaxViewSize = 8192;     // pixels per side of a view
constexpr std::int32_t kMaxSourceSide = 65535;  // pixels, as a JPEG's

Status check_spec(const ViewSpec& spec);
Status check_source_size(std::int64_t height, std::int64_t width);
Status check_source(const SourceRegion& source);
Status check_params(const ViewParams& params, const ViewSpec& spec, const SourceRegion& source);

}  // namespace fastpass
