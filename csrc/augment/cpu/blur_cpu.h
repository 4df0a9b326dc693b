// Pillow's GaussianBlur of a view on the CPU.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/blur.h"
#include "augment/cpu/view_routines.h"

namespace fastpass {

// Reuses its memory from call to call.
class Blurrer {
 public:
  explicit Blurrer(const ViewRoutines& routines) : routines_(routines) {}

  // In place. sigma in (0, kMaxBlurSigma].
  void run(float sigma, const ViewRows& view);

 private:
  void plan(const BoxBlur& blur, const ViewRows& view);
  void blur_row(const BoxBlur& blur, std::int32_t size, std::uint8_t* row);
  void blur_strip(const BoxBlur& blur, const ViewRows& view, std::ptrdiff_t first_byte);

  // Two copies of what is blurred: a pass reads one and writes the other. [k] of the inputs is
  // where input k of the first output begins; the borders are repeated.
  struct Copy {
    std::vector<std::uint8_t> memory;
    std::vector<const std::uint8_t*> inputs;
  };

  const ViewRoutines& routines_;
  Copy lines_[2];   // a row of a channel
  Copy strips_[2];  // some columns of all rows
};

}  // namespace fastpass
