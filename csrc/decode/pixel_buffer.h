// Pixels owned by whoever decodes; grows to the largest image seen and stays.
#pragma once

#include <cstdint>
#include <memory>
#include <new>

#include "common/status.h"
#include "common/view.h"

namespace fastpass {

class PixelBuffer {
 public:
  // RGB, rows without padding. The pixels are uninitialised.
  Status resize(int height, int width) {
    const std::size_t wanted =
        std::size_t{3} * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    if (wanted > capacity_) {
      pixels_.reset();
      capacity_ = 0;
      pixels_.reset(new (std::nothrow) std::uint8_t[wanted]);
      if (!pixels_) {
        return {Fault::kOutOfMemory, "no memory for " + std::to_string(wanted) +
                                         " bytes of pixels (" + std::to_string(width) + " x " +
                                         std::to_string(height) + " RGB)"};
      }
      capacity_ = wanted;
    }
    view_ = {pixels_.get(), height, width, 3, std::ptrdiff_t{3} * width};
    return {};
  }

  const ImageView& view() const { return view_; }
  // Gives the memory away; the buffer is empty afterwards.
  std::unique_ptr<std::uint8_t[]> release() {
    capacity_ = 0;
    return std::move(pixels_);
  }

 private:
  std::unique_ptr<std::uint8_t[]> pixels_;
  std::size_t capacity_ = 0;
  ImageView view_;
};

}  // namespace fastpass
