#include "augment/tap_weights.h"

#include <algorithm>

namespace fastpass {

void TapWeights::compute(const ResampleAxis& axis, std::int32_t window_first,
                         std::int32_t window_size) {
  stride_ = max_taps(axis);
  const auto size = static_cast<std::size_t>(window_size);
  first_.resize(size);
  count_.resize(size);
  weights_.resize(size * static_cast<std::size_t>(stride_));
  exact_.resize(static_cast<std::size_t>(stride_));
  for (std::size_t i = 0; i < size; ++i) {
    compute_one(axis, window_first + static_cast<std::int32_t>(i), i);
  }
}

void TapWeights::compute_one(const ResampleAxis& axis, std::int32_t output, std::size_t index) {
  TapRange range = tap_range(axis, output);
  double sum = 0.0;
  for (std::int32_t tap = 0; tap < range.count; ++tap) {
    const double exact = tap_weight(axis, output, range.first + tap);
    exact_[static_cast<std::size_t>(tap)] = exact;
    sum += exact;
  }
  std::int32_t* weights = weights_.data() + static_cast<std::ptrdiff_t>(index) * stride_;
  // Weights of zero at the ends cost time and change no sum.
  std::int32_t skipped = 0, count = 0;
  for (std::int32_t tap = 0; tap < range.count; ++tap) {
    const double exact = exact_[static_cast<std::size_t>(tap)];
    const std::int32_t weight = fixed_point_weight(sum != 0.0 ? exact / sum : exact);
    if (weight == 0 && count == 0) {
      ++skipped;
      continue;
    }
    weights[count++] = weight;
  }
  while (count > 1 && weights[count - 1] == 0) --count;
  first_[index] = range.first + (count > 0 ? skipped : 0);
  count_[index] = count;
}

TapRange TapWeights::covered() const {
  std::int32_t first = first_[0], end = first_[0];
  for (std::size_t i = 0; i < first_.size(); ++i) {
    first = std::min(first, first_[i]);
    end = std::max(end, first_[i] + count_[i]);
  }
  return {first, end - first};
}

TapTable TapWeights::table() {
  const std::int32_t begin = covered().first;
  relative_first_.resize(first_.size());
  std::transform(first_.begin(), first_.end(), relative_first_.begin(),
                 [begin](std::int32_t first) { return first - begin; });
  return {relative_first_.data(), count_.data(), weights_.data(), stride_};
}

}  // namespace fastpass
