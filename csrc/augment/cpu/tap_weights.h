// The fixed-point weights of one axis, planned once per view.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/cpu/view_routines.h"
#include "augment/resample.h"

namespace fastpass {

// Reuses its memory from call to call.
class TapWeights {
 public:
  // For the output pixels [window_first, window_first + window_size) of an axis.
  void compute(const ResampleAxis& axis, std::int32_t window_first, std::int32_t window_size);

  TapRange range(std::int32_t i) const {
    const auto index = static_cast<std::size_t>(i);
    return {first_[index], count_[index]};
  }
  const std::int32_t* weights(std::int32_t i) const { return weights_.data() + i * stride_; }
  // The source pixels that have any weight.
  TapRange covered() const;
  std::int32_t most_taps() const { return static_cast<std::int32_t>(stride_); }
  // Source pixels counted from covered().first.
  TapTable table();

 private:
  void compute_one(const ResampleAxis& axis, std::int32_t output, std::size_t index);

  std::ptrdiff_t stride_ = 0;
  std::vector<std::int32_t> first_, count_, weights_, relative_first_;
  std::vector<double> exact_;  // of one output pixel, before normalisation
};

}  // namespace fastpass
