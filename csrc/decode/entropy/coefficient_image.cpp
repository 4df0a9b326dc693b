#include "decode/entropy/coefficient_image.h"

#include <algorithm>
#include <new>
#include <string>

namespace fastpass {

Status CoefficientImage::allocate(const Frame& frame, std::int64_t max_pixels) {
  // A small image may be mostly padding; this much is never too much.
  constexpr std::int64_t kBytesPerPixel = 12, kSmall = 16 << 20;
  layout_ = plan_chunk(frame);
  chunks_per_row_ = (frame.mcus_wide + layout_.mcus - 1) / layout_.mcus;
  const std::int64_t num_groups =
      std::int64_t{frame.mcus_high} * chunks_per_row_ * layout_.num_groups;
  const std::int64_t num_bytes = num_groups * std::int64_t{sizeof(Group)};
  const std::int64_t budget = kBytesPerPixel * max_pixels + kSmall;
  if (num_bytes > budget) {
    return {Fault::kImageTooLarge, "the coefficients of a JPEG of " + std::to_string(frame.width) +
                                       " x " + std::to_string(frame.height) + " pixels take " +
                                       std::to_string(num_bytes) + " bytes, the budget is " +
                                       std::to_string(budget) +
                                       " (raise max_pixels if the file is genuine)"};
  }
  const auto size = static_cast<std::size_t>(num_groups);
  try {
    if (groups_.size() < size) {
      groups_.clear();  // what it held is not copied
      groups_.resize(size);
    } else {
      std::fill_n(groups_.begin(), size, Group{});
    }
  } catch (const std::bad_alloc&) {
    return {Fault::kOutOfMemory,
            "no memory for " + std::to_string(num_bytes) + " bytes of JPEG coefficients"};
  }
  return {};
}

}  // namespace fastpass
