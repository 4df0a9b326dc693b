// The 64 x 64 samples that PDQ transforms: the image is smoothed by a tent filter and sampled.
#include <algorithm>

#include "common/multiversion.h"
#include "curate/hash/pdq.h"

namespace fastpass {
namespace {

constexpr int kFewestPixels = 5;  // of a side
constexpr int kLanes = 8;
constexpr int kGroups = 2;
constexpr int kRows = kGroups * kLanes;

// Pixels of a box along an axis: two boxes one after the other are the tent.
int window_of(int size) { return (size + 2 * kPdqSide - 1) / (2 * kPdqSide); }

// Which pixel of an axis a sample is taken at.
int sample_place(int i, int size) { return static_cast<int>((i + 0.5) * size / kPdqSide); }

// The next sample of another place. Of an axis below 64 pixels, places are sampled more than once:
// repeat_samples() fills in what was passed over.
int next_sample(int i, int size) {
  const int place = sample_place(i, size);
  do ++i;
  while (i < kPdqSide && sample_place(i, size) == place);
  return i;
}

// Samples of `step` values each.
void repeat_samples(int size, int step, float* samples) {
  for (int i = 1; i < kPdqSide; ++i) {
    if (sample_place(i, size) != sample_place(i - 1, size)) continue;
    std::copy(samples + (i - 1) * step, samples + i * step, samples + i * step);
  }
}

// Note [The box filter]. out[i] is the mean of the pixels of the window round i that exist. The
// reference keeps a running sum; its rounding depends on the order, which is therefore this one:
// first grow the sum, then grow and write, then add the next, subtract the last and write, then
// shrink and write. Lines side by side are filtered at once, a lane each.
struct BoxSteps {
  int size;
  int window;
  int half() const { return (window + 2) / 2; }
  int grow() const { return half() - 1; }
  int grow_and_write() const { return window - half() + 1; }
  int slide() const { return size - window; }
  int shrink() const { return half() - 1; }
};

// kGroups times kLanes lines at once: [group][place][lane], so that one group's sums need not wait
// for the other's. write(group, place) says where means go, or nullptr.
template <typename Write>
inline void filter_lines(const BoxSteps& steps, const float* in, const Write& write) {
  float sum[kGroups][kLanes] = {};
  const std::ptrdiff_t group_stride = std::ptrdiff_t{kLanes} * steps.size;
  const float* right = in;
  const float* left = in;
  int count = 0;
  int place = 0;
  const auto add = [&] {
    for (int g = 0; g < kGroups; ++g) {
      for (int i = 0; i < kLanes; ++i) sum[g][i] += right[g * group_stride + i];
    }
    right += kLanes;
  };
  const auto subtract = [&] {
    for (int g = 0; g < kGroups; ++g) {
      for (int i = 0; i < kLanes; ++i) sum[g][i] -= left[g * group_stride + i];
    }
    left += kLanes;
  };
  const auto put = [&] {
    const auto divisor = static_cast<float>(count);
    for (int g = 0; g < kGroups; ++g) {
      float* out = write(g, place);
      if (out == nullptr) break;
      for (int i = 0; i < kLanes; ++i) out[i] = sum[g][i] / divisor;
    }
    ++place;
  };
  for (int i = 0; i < steps.grow(); ++i, ++count) add();
  for (int i = 0; i < steps.grow_and_write(); ++i) {
    add();
    ++count;
    put();
  }
  for (int i = 0; i < steps.slide(); ++i) {
    add();
    subtract();
    put();
  }
  for (int i = 0; i < steps.shrink(); ++i) {
    subtract();
    --count;
    put();
  }
}

FASTPASS_WIDE_CLONE
void filter_side_by_side(const BoxSteps& steps, const float* in, float* out) {
  const std::ptrdiff_t group_stride = std::ptrdiff_t{kLanes} * steps.size;
  filter_lines(steps, in, [=](int group, int place) {
    return out + group * group_stride + std::ptrdiff_t{kLanes} * place;
  });
}

// Keeps only the means at the sampled places, one behind the other: [group][sample][lane].
FASTPASS_WIDE_CLONE
void sample_side_by_side(const BoxSteps& steps, const float* in, float* out) {
  constexpr int kGroupStride = kLanes * kPdqSide;
  int next = 0, at = 0;
  filter_lines(steps, in, [&](int group, int place) -> float* {
    if (group == 0) {
      if (next == kPdqSide || place != sample_place(next, steps.size)) return nullptr;
      at = next;
      next = next_sample(at, steps.size);
    }
    return out + group * kGroupStride + kLanes * at;
  });
  for (int g = 0; g < kGroups; ++g) repeat_samples(steps.size, kLanes, out + g * kGroupStride);
}

// kLanes rows of `width` values each, `stride` apart, to [width][kLanes], and back.
FASTPASS_WIDE_CLONE
void rows_to_lanes(const float* rows, std::ptrdiff_t stride, int width, float* lanes) {
  for (int x = 0; x < width; ++x) {
    for (int r = 0; r < kLanes; ++r) lanes[x * kLanes + r] = rows[r * stride + x];
  }
}

FASTPASS_WIDE_CLONE
void lanes_to_rows(const float* lanes, int width, std::ptrdiff_t stride, int num_rows,
                   float* rows) {
  for (int r = 0; r < num_rows; ++r) {
    for (int x = 0; x < width; ++x) rows[r * stride + x] = lanes[x * kLanes + r];
  }
}

// Note [Luma in integers]. The reference has 0.299 R + 0.587 G + 0.114 B in double and rounds it to
// a float. That is the float nearest to n / 1000 with the integer n below: n / 1000 is no middle
// between two floats, and at least 10^-11 away from every one, far more than the doubles' error.
// And a division of floats gives the nearest, too.
FASTPASS_WIDE_CLONE
void luma_row(const std::uint8_t* rgb, int width, float* out) {
  for (int x = 0; x < width; ++x) {
    const std::int32_t thousandths = 299 * rgb[3 * x] + 587 * rgb[3 * x + 1] + 114 * rgb[3 * x + 2];
    out[x] = static_cast<float>(thousandths) / 1000.0f;
  }
}

FASTPASS_WIDE_CLONE
void add_row(const float* row, int count, float* sums) {
  for (int i = 0; i < count; ++i) sums[i] += row[i];
}

FASTPASS_WIDE_CLONE
void subtract_row(const float* row, int count, float* sums) {
  for (int i = 0; i < count; ++i) sums[i] -= row[i];
}

FASTPASS_WIDE_CLONE
void divide_row(const float* sums, int count, float divisor, float* out) {
  for (int i = 0; i < count; ++i) out[i] = sums[i] / divisor;
}

// The filter along columns, all columns of a row at once. `in(y)`: rows, each asked for when it is
// added, and again `window` rows later; `out(y)`: where a row of means goes, or nullptr; `done(y)`.
template <typename In, typename Out, typename Done>
void filter_columns(const BoxSteps& steps, int count, float* sums, const In& in, const Out& out,
                    const Done& done) {
  std::fill(sums, sums + count, 0.0f);
  int right = 0, left = 0, place = 0, num = 0;
  const auto put = [&] {
    float* row = out(place);
    if (row != nullptr) divide_row(sums, count, static_cast<float>(num), row);
    done(place++);
  };
  for (int i = 0; i < steps.grow(); ++i, ++num) add_row(in(right++), count, sums);
  for (int i = 0; i < steps.grow_and_write(); ++i) {
    add_row(in(right++), count, sums);
    ++num;
    put();
  }
  for (int i = 0; i < steps.slide(); ++i) {
    add_row(in(right++), count, sums);
    subtract_row(in(left++), count, sums);
    put();
  }
  for (int i = 0; i < steps.shrink(); ++i) {
    subtract_row(in(left++), count, sums);
    --num;
    put();
  }
}

bool is_large_enough(int height, int width) {
  return height >= kFewestPixels && width >= kFewestPixels;
}

}  // namespace

// Luma, and the first pass along rows, kRows of them at a time.
void PdqHasher::filter_first_rows(const ImageView& rgb) {
  const int height = rgb.height, width = rgb.width;
  const auto size = static_cast<std::size_t>(width);
  filtered_.resize(static_cast<std::size_t>(height) * size);
  rows_.resize(kRows * size);
  lanes_in_.resize(kRows * size);
  lanes_out_.resize(kRows * size);
  const std::ptrdiff_t group_stride = std::ptrdiff_t{kLanes} * width;
  const BoxSteps steps = {width, window_of(width)};
  for (int y = 0; y < height; y += kRows) {
    const int count = std::min(kRows, height - y);
    for (int r = 0; r < count; ++r) luma_row(rgb.row(y + r), width, rows_.data() + r * width);
    for (int g = 0; g < kGroups; ++g) {
      rows_to_lanes(rows_.data() + g * group_stride, width, width,
                    lanes_in_.data() + g * group_stride);
    }
    filter_side_by_side(steps, lanes_in_.data(), lanes_out_.data());
    for (int g = 0; g * kLanes < count; ++g) {
      lanes_to_rows(lanes_out_.data() + g * group_stride, width, width,
                    std::min(kLanes, count - g * kLanes),
                    filtered_.data() + static_cast<std::ptrdiff_t>(y + g * kLanes) * width);
    }
  }
}

// Along columns, along rows, along columns; of the last two only what is sampled.
void PdqHasher::filter_rest(int height, int width, PdqSamples* samples) {
  const BoxSteps down = {height, window_of(height)};
  const BoxSteps across = {width, window_of(width)};
  column_sums_.resize(static_cast<std::size_t>(std::max(width, kPdqSide)));
  sampled_.resize(static_cast<std::size_t>(height) * kPdqSide);
  const std::ptrdiff_t group_stride = std::ptrdiff_t{kLanes} * width;
  float lanes[kRows * kPdqSide];
  const auto first_row = [&](int y) { return filtered_.data() + std::ptrdiff_t{y} * width; };
  filter_columns(
      down, width, column_sums_.data(), first_row,
      [&](int y) { return rows_.data() + y % kRows * width; },
      [&](int y) {
        if (y % kRows != kRows - 1 && y != height - 1) return;
        const int begin = y / kRows * kRows;
        for (int g = 0; g < kGroups; ++g) {
          rows_to_lanes(rows_.data() + g * group_stride, width, width,
                        lanes_in_.data() + g * group_stride);
        }
        sample_side_by_side(across, lanes_in_.data(), lanes);
        for (int g = 0; g * kLanes <= y - begin; ++g) {
          lanes_to_rows(lanes + g * kLanes * kPdqSide, kPdqSide, kPdqSide,
                        std::min(kLanes, y - begin + 1 - g * kLanes),
                        sampled_.data() + std::ptrdiff_t{begin + g * kLanes} * kPdqSide);
        }
      });
  int next = 0;
  filter_columns(
      down, kPdqSide, column_sums_.data(),
      [&](int y) { return sampled_.data() + std::ptrdiff_t{y} * kPdqSide; },
      [&](int y) -> float* {
        if (next == kPdqSide || y != sample_place(next, height)) return nullptr;
        const int at = next;
        next = next_sample(at, height);
        return samples->data() + kPdqSide * at;
      },
      [](int) {});
  repeat_samples(height, kPdqSide, samples->data());
}

bool PdqHasher::sample(const ImageView& rgb, PdqSamples* samples) {
  samples->fill(0.0f);
  if (!is_large_enough(rgb.height, rgb.width)) return false;
  if (rgb.height == kPdqSide && rgb.width == kPdqSide) {
    for (int y = 0; y < kPdqSide; ++y)
      luma_row(rgb.row(y), kPdqSide, samples->data() + kPdqSide * y);
    return true;
  }
  filter_first_rows(rgb);
  filter_rest(rgb.height, rgb.width, samples);
  return true;
}

// Of one axis: the weights of pixels under the tents of the 64 samples.
struct PdqHasher::AxisWeights {
  int first[kPdqSide];
  int count[kPdqSide];
  std::vector<float> weights;  // [sample][stride]
  int stride = 0;

  // The axis has `full` pixels, of which `denominator` make one of the `size` pixels at hand.
  AxisWeights(int full, int size, int denominator) {
    const int window = window_of(full), half = (window + 2) / 2;
    const auto box = [&](int place, int* begin, int* end) {
      *begin = std::max(0, place + half - window);
      *end = std::min(full, place + half);
    };
    stride = 2 * window / denominator + 3;
    weights.assign(static_cast<std::size_t>(kPdqSide * stride), 0.0f);
    std::vector<double> sums(static_cast<std::size_t>(stride));
    std::vector<double> changes(static_cast<std::size_t>(2 * window + 1));
    for (int i = 0; i < kPdqSide; ++i) {
      int begin, end;
      box(sample_place(i, full), &begin, &end);
      int outer_begin, outer_end, unused;
      box(begin, &outer_begin, &unused);
      box(end - 1, &unused, &outer_end);
      // Boxes of equal weights on top of one another: where each begins and ends is enough.
      std::fill(changes.begin(), changes.end(), 0.0);
      for (int outer = begin; outer < end; ++outer) {
        int inner_begin, inner_end;
        box(outer, &inner_begin, &inner_end);
        const double weight = 1.0 / (end - begin) / (inner_end - inner_begin);
        changes[static_cast<std::size_t>(inner_begin - outer_begin)] += weight;
        changes[static_cast<std::size_t>(inner_end - outer_begin)] -= weight;
      }
      std::fill(sums.begin(), sums.end(), 0.0);
      first[i] = std::min(outer_begin / denominator, size - 1);
      count[i] = std::min((outer_end - 1) / denominator, size - 1) - first[i] + 1;
      double weight = 0.0;
      for (int pixel = outer_begin; pixel < outer_end; ++pixel) {
        weight += changes[static_cast<std::size_t>(pixel - outer_begin)];
        const int at = std::min(pixel / denominator, size - 1) - first[i];
        sums[static_cast<std::size_t>(at)] += weight;
      }
      for (int k = 0; k < count[i]; ++k) {
        weights[static_cast<std::size_t>(i * stride + k)] =
            static_cast<float>(sums[static_cast<std::size_t>(k)]);
      }
    }
  }
  const float* of(int i) const { return weights.data() + std::ptrdiff_t{i} * stride; }
};

namespace {

FASTPASS_WIDE_CLONE
void add_weighted(const float* row, float weight, int count, float* sums) {
  for (int i = 0; i < count; ++i) sums[i] += row[i] * weight;
}

}  // namespace

bool PdqHasher::sample_by_weights(const ImageView& rgb, int full_height, int full_width,
                                  int denominator, PdqSamples* samples) {
  samples->fill(0.0f);
  if (!is_large_enough(full_height, full_width)) return false;
  const int height = rgb.height, width = rgb.width;
  const bool is_sampled = full_height == kPdqSide && full_width == kPdqSide && denominator == 1;
  if (is_sampled) return sample(rgb, samples);
  const AxisWeights down(full_height, height, denominator);
  const AxisWeights across(full_width, width, denominator);
  filtered_.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
  for (int y = 0; y < height; ++y) {
    luma_row(rgb.row(y), width, filtered_.data() + std::ptrdiff_t{y} * width);
  }
  column_sums_.resize(static_cast<std::size_t>(width));
  for (int i = 0; i < kPdqSide; ++i) {
    std::fill(column_sums_.begin(), column_sums_.end(), 0.0f);
    for (int k = 0; k < down.count[i]; ++k) {
      const float* row = filtered_.data() + std::ptrdiff_t{down.first[i] + k} * width;
      add_weighted(row, down.of(i)[k], width, column_sums_.data());
    }
    for (int j = 0; j < kPdqSide; ++j) {
      float sum = 0.0f;
      for (int k = 0; k < across.count[j]; ++k) {
        sum += column_sums_[static_cast<std::size_t>(across.first[j] + k)] * across.of(j)[k];
      }
      (*samples)[static_cast<std::size_t>(kPdqSide * i + j)] = sum;
    }
  }
  return true;
}

}  // namespace fastpass
