// The color operations over all pixels of a view (interleaved RGB, in place).
#pragma once

#include <cstddef>
#include <cstdint>

#include "augment/params.h"

namespace fastpass {

void apply_jitter(const ViewParams& params, std::size_t num_pixels, std::uint8_t* pixels);
void apply_grayscale(std::size_t num_pixels, std::uint8_t* pixels);
void apply_solarize(std::int32_t threshold, std::size_t num_pixels, std::uint8_t* pixels);

}  // namespace fastpass
