// Pixels owned by whoever decodes; grows to the largest image seen and stays.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <string>

#include "common/status.h"
#include "common/view.h"

namespace fastpass {

// Memory for the pixels of one image, reused for the next.
class PixelBuffer {
 public:
  PixelBuffer() = default;
  // Somebody else's memory, which cannot grow.
  PixelBuffer(std::uint8_t* memory, std::size_t num_bytes)
      : memory_(memory), capacity_(num_bytes), is_borrowed_(true) {}

  // RGB, rows without padding. The pixels are uninitialised.
  Status resize(int height, int width) {
    const std::size_t wanted =
        std::size_t{3} * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    if (wanted > capacity_) FASTPASS_RETURN_IF_ERROR(grow(wanted, height, width));
    view_ = {memory_, height, width, 3, std::ptrdiff_t{3} * width};
    return {};
  }

  const ImageView& view() const { return view_; }
  std::size_t bytes_held() const { return capacity_; }
  // Gives the memory away; the buffer is empty afterwards.
  std::unique_ptr<std::uint8_t[]> release() {
    capacity_ = 0;
    memory_ = nullptr;
    return std::move(own_);
  }

 private:
  Status grow(std::size_t wanted, int height, int width) {
    const std::string size = std::to_string(wanted) + " bytes of pixels (" + std::to_string(width) +
                             " x " + std::to_string(height) + " RGB)";
    if (is_borrowed_) return {Fault::kBadArgument, "the memory given has no room for " + size};
    own_.reset();
    capacity_ = 0;
    own_.reset(new (std::nothrow) std::uint8_t[wanted]);
    memory_ = own_.get();
    if (!own_) return {Fault::kOutOfMemory, "no memory for " + size};
    capacity_ = wanted;
    return {};
  }

  std::unique_ptr<std::uint8_t[]> own_;
  std::uint8_t* memory_ = nullptr;
  std::size_t capacity_ = 0;
  bool is_borrowed_ = false;
  ImageView view_;
};

}  // namespace fastpass
