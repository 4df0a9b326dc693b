#include "curate/hash/small_hashes.h"

#include <algorithm>
#include <cmath>

#include "common/multiversion.h"
#include "curate/hash/dct32.h"
#include "curate/hash/haar.h"

namespace fastpass {
namespace {

constexpr int kSide = 8;
constexpr int kWeightBits = 22;  // of Pillow's fixed point
constexpr double kReach = 3.0;   // of the filter, pixels of the small image

double sinc(double x) { return x == 0.0 ? 1.0 : std::sin(x * M_PI) / (x * M_PI); }

double lanczos(double x) { return x > -kReach && x < kReach ? sinc(x) * sinc(x / kReach) : 0.0; }

std::uint8_t to_pixel(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

FASTPASS_AVX2_CLONE
std::int32_t weigh(const std::uint8_t* pixels, const std::int32_t* weights, int count) {
  std::int32_t sum = 0;
  for (int k = 0; k < count; ++k) sum += pixels[k] * weights[k];
  return sum;
}

FASTPASS_AVX2_CLONE
void add_weighted(const std::uint8_t* row, std::int32_t weight, int count, std::int32_t* sums) {
  for (int i = 0; i < count; ++i) sums[i] += row[i] * weight;
}

template <typename Value, typename Condition>
SmallHash make_hash(const std::array<Value, kSide * kSide>& values, const Condition& is_set) {
  SmallHash hash{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_set(values[i])) hash[i / 8] |= static_cast<std::uint8_t>(0x80u >> i % 8);
  }
  return hash;
}

// NumPy's: the mean of the two in the middle.
double median(std::array<double, kSide * kSide> values) {
  std::sort(values.begin(), values.end());
  return (values[values.size() / 2 - 1] + values[values.size() / 2]) / 2.0;
}

bool is_tied_at_median(std::array<double, kSide * kSide> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2 - 1] == values[values.size() / 2];
}

}  // namespace

// One axis: weights as Pillow computes them, in double, then rounded to fixed point.
struct SmallHasher::Taps {
  std::vector<int> first;
  std::vector<int> count;
  std::vector<std::int32_t> weights;
  int stride = 0;

  Taps(int from, int to) {
    const double scale = static_cast<double>(from) / to;
    const double stretch = std::max(scale, 1.0);
    const double support = kReach * stretch;
    stride = static_cast<int>(std::ceil(support)) * 2 + 1;
    weights.assign(static_cast<std::size_t>(to * stride), 0);
    std::vector<double> exact(static_cast<std::size_t>(stride));
    for (int i = 0; i < to; ++i) {
      const double center = (i + 0.5) * scale;
      const int begin = std::max(0, static_cast<int>(center - support + 0.5));
      const int end = std::min(from, static_cast<int>(center + support + 0.5));
      double sum = 0.0;
      for (int k = 0; k < end - begin; ++k) {
        exact[static_cast<std::size_t>(k)] = lanczos((k + begin - center + 0.5) * (1.0 / stretch));
        sum += exact[static_cast<std::size_t>(k)];
      }
      for (int k = 0; k < end - begin; ++k) {
        const double weight =
            (sum != 0.0 ? exact[static_cast<std::size_t>(k)] / sum : 0.0) * (1 << kWeightBits);
        weights[static_cast<std::size_t>(i * stride + k)] =
            static_cast<std::int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
      }
      first.push_back(begin);
      count.push_back(end - begin);
    }
  }
  const std::int32_t* of(int i) const { return weights.data() + std::ptrdiff_t{i} * stride; }
};

SmallHasher::SmallHasher() = default;
SmallHasher::~SmallHasher() = default;

const SmallHasher::Taps& SmallHasher::taps(int from, int to) {
  constexpr std::size_t kMostKept = std::size_t{1} << 20;  // weights
  std::unique_ptr<Taps>& known = known_taps_[{from, to}];
  if (known) return *known;
  auto made = std::make_unique<Taps>(from, to);
  num_kept_ += made->weights.size();
  if (num_kept_ > kMostKept) {
    known_taps_.clear();
    num_kept_ = made->weights.size();
  }
  return *(known_taps_[{from, to}] = std::move(made));
}

void SmallHasher::resize_rows(const GrayImage& image, int width, std::vector<std::uint8_t>* out) {
  const Taps& taps = this->taps(image.width, width);
  out->resize(static_cast<std::size_t>(image.height) * static_cast<std::size_t>(width));
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < width; ++x) {
      const std::int32_t sum =
          (1 << (kWeightBits - 1)) + weigh(image.row(y) + taps.first[static_cast<std::size_t>(x)],
                                           taps.of(x), taps.count[static_cast<std::size_t>(x)]);
      (*out)[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
             static_cast<std::size_t>(x)] = to_pixel(sum);
    }
  }
}

void SmallHasher::resize_columns(const std::uint8_t* pixels, int from, int width, int height,
                                 std::vector<std::uint8_t>* out) {
  const Taps& taps = this->taps(from, height);
  out->resize(static_cast<std::size_t>(height * width));
  sums_.resize(static_cast<std::size_t>(width));
  for (int y = 0; y < height; ++y) {
    std::fill(sums_.begin(), sums_.end(), 1 << (kWeightBits - 1));
    for (int k = 0; k < taps.count[static_cast<std::size_t>(y)]; ++k) {
      const std::uint8_t* row =
          pixels + std::ptrdiff_t{taps.first[static_cast<std::size_t>(y)] + k} * width;
      add_weighted(row, taps.of(y)[k], width, sums_.data());
    }
    for (int x = 0; x < width; ++x) {
      (*out)[static_cast<std::size_t>(y * width + x)] =
          to_pixel(sums_[static_cast<std::size_t>(x)]);
    }
  }
}

void SmallHasher::resize(const GrayImage& image, int height, int width) {
  if (image.height == height && image.width == width) {
    small_ = image;
    return;
  }
  // Pillow shrinks the height first where that saves it work.
  const bool is_vertical_first =
      image.height > height && image.height - height > 2 * (std::int64_t{image.width} - width);
  if (is_vertical_first) {
    GrayImage rows;
    rows.height = height;
    rows.width = image.width;
    if (image.height != height) {
      resize_columns(image.pixels.data(), image.height, image.width, height, &rows.pixels);
    } else {
      rows.pixels = image.pixels;
    }
    resize_rows(rows, width, &small_.pixels);
  } else {
    const std::uint8_t* pixels = image.pixels.data();
    if (image.width != width) {
      resize_rows(image, width, &pass_);
      pixels = pass_.data();
    }
    if (image.height != height) {
      resize_columns(pixels, image.height, width, height, &small_.pixels);
    } else {
      small_.pixels.assign(pixels, pixels + std::ptrdiff_t{height} * width);
    }
  }
  small_.height = height;
  small_.width = width;
}

SmallHash SmallHasher::average(const GrayImage& image) {
  resize(image, kSide, kSide);
  std::array<int, kSide * kSide> values;
  int sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += values[i] = small_.pixels[i];
  return make_hash(values, [sum](int value) { return value * kSide * kSide > sum; });
}

SmallHash SmallHasher::difference(const GrayImage& image) {
  resize(image, kSide, kSide + 1);
  std::array<int, kSide * kSide> steps;
  for (std::size_t y = 0; y < kSide; ++y) {
    for (std::size_t x = 0; x < kSide; ++x) {
      const std::uint8_t* at = small_.pixels.data() + y * (kSide + 1) + x;
      steps[y * kSide + x] = at[1] - at[0];
    }
  }
  return make_hash(steps, [](int step) { return step > 0; });
}

SmallHash SmallHasher::perceptual(const GrayImage& image) {
  resize(image, kDctSize, kDctSize);
  // Along columns, then along the eight lowest rows of what that gives.
  DctLines rows;  // [x][k]
  for (std::size_t begin = 0; begin < kDctSize; begin += kDctLanes) {
    DctLines columns;
    for (std::size_t y = 0; y < kDctSize; ++y) {
      for (std::size_t lane = 0; lane < kDctLanes; ++lane) {
        columns[y][lane] = small_.pixels[y * kDctSize + begin + lane];
      }
    }
    dct32(&columns);
    for (std::size_t lane = 0; lane < kDctLanes; ++lane) {
      for (std::size_t k = 0; k < kSide; ++k) rows[begin + lane][k] = columns[k][lane];
    }
  }
  dct32(&rows);
  std::array<double, kSide * kSide> low;
  for (std::size_t k = 0; k < kSide; ++k) {
    for (std::size_t l = 0; l < kSide; ++l) low[k * kSide + l] = rows[l][k];
  }
  const double middle = median(low);
  return make_hash(low, [middle](double value) { return value > middle; });
}

// Without the mean, what is left of the Haar transform at 8 x 8 blocks are sums of the blocks. Sums
// are whole numbers here, and what ImageHash rounds is too little to change their order, unless
// two of them meet at the median: then its roundings are done again.
SmallHash SmallHasher::wavelet(const GrayImage& image) {
  int side = 1;
  while (2 * side <= std::min(image.height, image.width)) side *= 2;
  side = std::max(side, kSide);
  resize(image, side, side);
  const std::size_t block = static_cast<std::size_t>(side / kSide);
  std::array<double, kSide * kSide> terms{};
  for (std::size_t y = 0; y < kSide * block; ++y) {
    for (std::size_t x = 0; x < kSide * block; ++x) {
      terms[y / block * kSide + x / block] += small_.pixels[y * kSide * block + x];
    }
  }
  if (is_tied_at_median(terms)) terms = haar_terms(small_.pixels.data(), side);
  const double middle = median(terms);
  return make_hash(terms, [middle](double value) { return value > middle; });
}

}  // namespace fastpass
