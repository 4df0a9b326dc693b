#include "augment/cpu/tap_weights.h"

#include <algorithm>

#include "common/multiversion.h"

namespace fastpass {
namespace {

FASTPASS_AVX2_CLONE
void weigh_taps(const ResampleAxis& axis, std::int32_t output, TapRange range, double* exact) {
  for (std::int32_t tap = 0; tap < range.count; ++tap) {
    exact[tap] = tap_weight(axis, output, range.first + tap);
  }
}

FASTPASS_AVX2_CLONE
void round_weights(const double* exact, std::int32_t count, double sum, std::int32_t* weights) {
  for (std::int32_t tap = 0; tap < count; ++tap)
    weights[tap] = fixed_point_weight(exact[tap] / sum);
}

}  // namespace

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
  const TapRange range = tap_range(axis, output);
  double* exact = exact_.data();
  weigh_taps(axis, output, range, exact);
  double sum = 0.0;
  for (std::int32_t tap = 0; tap < range.count; ++tap) sum += exact[tap];
  std::int32_t* weights = weights_.data() + static_cast<std::ptrdiff_t>(index) * stride_;
  round_weights(exact, range.count, sum != 0.0 ? sum : 1.0, weights);
  // Weights of zero cost time and change no sum. Not so at the beginning: the first taps of output
  // pixels never decrease, which the passes rely on.
  std::int32_t count = range.count;
  while (count > 1 && weights[count - 1] == 0) --count;
  first_[index] = range.first;
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
