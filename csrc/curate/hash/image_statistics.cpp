#include "curate/hash/image_statistics.h"

#include <array>
#include <cmath>
#include <cstring>

namespace fastpass {
namespace {

void measure_histogram(const GrayImage& gray, ImageStatistics* statistics) {
  std::array<std::int64_t, 256> counts{};
  for (const std::uint8_t value : gray.pixels) ++counts[value];
  const auto total = static_cast<double>(gray.pixels.size());
  double sum = 0, entropy = 0;
  for (std::size_t value = 0; value < counts.size(); ++value) {
    if (counts[value] == 0) continue;
    const double share = static_cast<double>(counts[value]) / total;
    sum += static_cast<double>(value) * share;
    entropy -= share * std::log2(share);
  }
  statistics->brightness = static_cast<float>(sum);
  statistics->entropy = static_cast<float>(entropy);
}

float laplacian_variance(const GrayImage& gray) {
  if (gray.height < 3 || gray.width < 3) return 0.0f;
  std::int64_t sum = 0, squares = 0;
  for (int y = 1; y + 1 < gray.height; ++y) {
    const std::uint8_t *above = gray.row(y - 1), *row = gray.row(y), *below = gray.row(y + 1);
    for (int x = 1; x + 1 < gray.width; ++x) {
      const int value = above[x] + below[x] + row[x - 1] + row[x + 1] - 4 * row[x];
      sum += value;
      squares += value * value;
    }
  }
  const double count = static_cast<double>(gray.height - 2) * (gray.width - 2);
  const double mean = static_cast<double>(sum) / count;
  return static_cast<float>(static_cast<double>(squares) / count - mean * mean);
}

float mean_saturation(const ImageView& rgb) {
  double sum = 0;
  for (int y = 0; y < rgb.height; ++y) {
    const std::uint8_t* pixel = rgb.row(y);
    float row_sum = 0;
    for (int x = 0; x < rgb.width; ++x, pixel += 3) {
      const int high = pixel[0] > pixel[1] ? (pixel[0] > pixel[2] ? pixel[0] : pixel[2])
                                           : (pixel[1] > pixel[2] ? pixel[1] : pixel[2]);
      const int low = pixel[0] < pixel[1] ? (pixel[0] < pixel[2] ? pixel[0] : pixel[2])
                                          : (pixel[1] < pixel[2] ? pixel[1] : pixel[2]);
      row_sum += static_cast<float>(high - low) / static_cast<float>(high > 0 ? high : 1);
    }
    sum += static_cast<double>(row_sum);
  }
  return static_cast<float>(sum / (static_cast<double>(rgb.height) * rgb.width));
}

bool has_single_color(const ImageView& rgb) {
  const std::uint8_t* first = rgb.row(0);
  for (int y = 0; y < rgb.height; ++y) {
    const std::uint8_t* row = rgb.row(y);
    for (int x = 0; x < rgb.width; ++x) {
      if (std::memcmp(row + 3 * x, first, 3) != 0) return false;
    }
  }
  return true;
}

}  // namespace

ImageStatistics measure_image(const ImageView& rgb, const GrayImage& gray) {
  ImageStatistics statistics;
  measure_histogram(gray, &statistics);
  statistics.laplacian_variance = laplacian_variance(gray);
  statistics.saturation = mean_saturation(rgb);
  statistics.is_single_color = has_single_color(rgb);
  return statistics;
}

}  // namespace fastpass
