// From coefficients to RGB on a device: the formulas of idct.h, upsample.h and color.h, and what
// Reconstructor does with them.
#pragma once

#include <cstdint>

#include "common/gpu/block_program.h"
#include "common/gpu/item_of.h"
#include "common/hd.h"
#include "common/orientation.h"
#include "decode/gpu/gpu_image.h"
#include "decode/pixels/color.h"
#include "decode/pixels/idct.h"
#include "decode/pixels/upsample.h"

namespace fastpass {

// A component of an image, for TransformBlocks.
struct ComponentTask {
  std::int32_t image;
  std::int32_t component;
};

// Dequantizes and transforms: eight lanes per block of coefficients, each first a row (as it lies
// in memory), then a column, then a row of samples.
struct TransformBlocks {
  static constexpr int kLanes = 256;
  static constexpr int kBlocks = kLanes / 8;

  const GpuImage* images;
  const ComponentTask* tasks;
  const std::int32_t* first_block;  // [task]: of the launch
  int num_tasks;

  struct Shared {
    std::int32_t values[kBlocks][8]
                       [9];           // a ninth column, so that lanes of a column meet no conflict
    std::uint8_t has_ac[kBlocks][8];  // [row]
  };

  std::int64_t shared_bytes() const { return std::int64_t{sizeof(Shared)}; }

  FASTPASS_HD bool has_step(int, int step, const std::uint8_t*) const { return step < 3; }

  FASTPASS_HD void run(int block, int step, int lane, std::uint8_t* memory) const {
    auto& shared = shared_as<Shared>(memory);
    const int task = item_of(first_block, num_tasks, block);
    const GpuComponent& component = images[tasks[task].image].components[tasks[task].component];
    const int slot = lane / 8;
    const int at = (block - first_block[task]) * kBlocks + slot;
    if (at >= component.num_blocks()) return;
    if (step == 0) {
      load_row(component, at, lane % 8, shared.values[slot], shared.has_ac[slot]);
    } else if (step == 1) {
      transform_column(component.log2_side, lane % 8, shared.values[slot], shared.has_ac[slot]);
    } else {
      store_row(component, at, lane % 8, shared.values[slot]);
    }
  }

 private:
  FASTPASS_HD static void load_row(const GpuComponent& component, int at, int row,
                                   std::int32_t (*values)[9], std::uint8_t* has_ac) {
    const std::int16_t* coefficients = component.coefficients + std::int64_t{at} * 64 + row * 8;
    if (component.log2_side == 0) {
      if (row == 0) values[0][0] = idct_1x1(coefficients[0], component.quant[0]);
      return;
    }
    int seen = 0;
    for (int x = 0; x < 8; ++x) {
      seen |= coefficients[x];
      values[row][x] = dequantize(coefficients[x], component.quant[row * 8 + x]);
    }
    // See has_only_first_row(): the transform to 4 x 4 samples does not look at row 4.
    const bool is_looked_at = row != 0 && !(component.log2_side == 2 && row == 4);
    has_ac[row] = is_looked_at && seen != 0;
  }

  FASTPASS_HD static void transform_column(int log2_side, int x, std::int32_t (*values)[9],
                                           const std::uint8_t* has_ac) {
    if (log2_side == 0) return;
    int column[8];
    for (int y = 0; y < 8; ++y) column[y] = values[y][x];
    bool only_first_row = true;
    for (int y = 1; y < 8; ++y) only_first_row = only_first_row && has_ac[y] == 0;
    const int shifted = wrap_to_int16(column[0] * 4);
    std::uint32_t sums[8];
    if (log2_side == 3) {
      idct_sums_8(column, sums);
      for (int y = 0; y < 8; ++y) {
        values[y][x] = only_first_row ? shifted : saturate_to_int16(descale<11>(sums[y]));
      }
    } else if (log2_side == 2) {
      idct_sums_4(column, sums);
      for (int y = 0; y < 4; ++y) {
        values[y][x] = only_first_row ? shifted : saturate_to_int16(descale<12>(sums[y]));
      }
    } else {
      idct_sums_2(column, sums);
      for (int y = 0; y < 2; ++y) {
        const int level = descale<13>(sums[y]);
        values[y][x] = x == 0 ? level : saturate_to_int16(level);
      }
    }
  }

  FASTPASS_HD static void store_row(const GpuComponent& component, int at, int y,
                                    const std::int32_t (*values)[9]) {
    const int side = component.side();
    if (y >= side) return;
    const int row = at / component.blocks_wide * side + y;
    const int column = at % component.blocks_wide * side;
    std::uint8_t* out = component.samples + std::int64_t{row} * component.stride() + column;
    if (side == 1) {
      out[0] = static_cast<std::uint8_t>(values[0][0]);
      return;
    }
    int in[8];
    for (int x = 0; x < 8; ++x) in[x] = values[y][x];
    std::uint32_t sums[8];
    if (side == 8) {
      idct_sums_8(in, sums);
      std::uint32_t words[2] = {};
      for (int x = 0; x < 8; ++x) {
        words[x / 4] |= std::uint32_t{level_to_sample(descale<18>(sums[x]))} << (x % 4 * 8);
      }
      // Samples begin at a multiple of 16 bytes, and lines are whole blocks.
      auto* out_words = reinterpret_cast<std::uint32_t*>(out);
      out_words[0] = words[0];
      out_words[1] = words[1];
    } else if (side == 4) {
      idct_sums_4(in, sums);
      std::uint32_t word = 0;
      for (int x = 0; x < 4; ++x) {
        word |= std::uint32_t{level_to_sample(descale<19>(sums[x]))} << (x * 8);
      }
      *reinterpret_cast<std::uint32_t*>(out) = word;
    } else {
      idct_sums_2(in, sums);
      for (int x = 0; x < 2; ++x) out[x] = level_to_sample(descale<20>(sums[x]));
    }
  }
};

// A row of the image in one component, for the kinds of upsampling that almost all photos have.
template <Upsampling kUpsampling>
class ComponentRow {
 public:
  FASTPASS_HD ComponentRow(const GpuComponent& component, int y)
      : first_column_(component.first_block_column << component.log2_side),
        width_(component.width) {
    const int row = kUpsampling == Upsampling::kH2v2 ? y >> 1 : y;
    near_ = line(component, row);
    if (kUpsampling != Upsampling::kH2v2) return;
    const int far = y % 2 == 0 ? row - 1 : row + 1;
    far_ = line(component, far < 0 ? 0 : far < component.height ? far : component.height - 1);
  }

  // Of column `x` of the image.
  FASTPASS_HD int at(int x) const {
    if (kUpsampling == Upsampling::kNone) return near_[x - first_column_];
    const int odd = x % 2;
    const int column = x >> 1;
    const int next = odd != 0 ? column + 1 : column - 1;
    const int here = column - first_column_;
    const int beside = (next < 0 ? 0 : next < width_ ? next : width_ - 1) - first_column_;
    if (kUpsampling == Upsampling::kH2v1) return upsample_h2v1(near_[here], near_[beside], odd);
    return upsample_h2v2(near_[here], near_[beside], far_[here], far_[beside], odd);
  }

 private:
  // The memory begins with the crop's first block.
  FASTPASS_HD static const std::uint8_t* line(const GpuComponent& component, int row) {
    const int first_row = component.first_block_row << component.log2_side;
    return device_memory(component.samples) + std::int64_t{row - first_row} * component.stride();
  }

  const std::uint8_t* near_;
  const std::uint8_t* far_ = nullptr;
  int first_column_;
  int width_;
};

// The pixels of YCbCr images that are not turned, whose luma has a sample for every pixel.
template <Upsampling kUpsampling>
class YccRows {
 public:
  FASTPASS_HD YccRows(const GpuImage& image, int y)
      : image_(image),
        luma_(image.components[0], image.top + y),
        cb_(image.components[1], image.top + y),
        cr_(image.components[2], image.top + y),
        y_(y) {}

  FASTPASS_HD static bool fits(const GpuImage& image) {
    return image.color == ColorModel::kYcc && image.orientation == 1 &&
           image.components[0].upsampling == Upsampling::kNone &&
           image.components[1].upsampling == kUpsampling &&
           image.components[2].upsampling == kUpsampling;
  }

  FASTPASS_HD void pixel(int y, int x, std::uint8_t* rgb) {
    if (y != y_) *this = YccRows(image_, y);
    const int column = image_.left + x;
    ycc_to_rgb_at(luma_.at(column), cb_.at(column), cr_.at(column), rgb);
  }
  FASTPASS_HD YccRows& operator=(const YccRows& other) {
    luma_ = other.luma_;
    cb_ = other.cb_;
    cr_ = other.cr_;
    y_ = other.y_;
    return *this;
  }

 private:
  const GpuImage& image_;
  ComponentRow<Upsampling::kNone> luma_;
  ComponentRow<kUpsampling> cb_, cr_;
  int y_;
};

// Upsamples, converts and turns: four neighboring pixels of the output per lane.
struct ColorPixels {
  static constexpr int kLanes = 256;
  static constexpr int kPixels = 4;

  const GpuImage* images;
  const std::int32_t* image_of;     // [task]
  const std::int32_t* first_block;  // [task]
  int num_tasks;

  std::int64_t shared_bytes() const { return 0; }
  FASTPASS_HD bool has_step(int, int step, const std::uint8_t*) const { return step == 0; }

  FASTPASS_HD void run(int block, int, int lane, std::uint8_t*) const {
    const int task = item_of(first_block, num_tasks, block);
    const GpuImage& image = images[image_of[task]];
    const std::int64_t first = (std::int64_t{block - first_block[task]} * kLanes + lane) * kPixels;
    const std::int64_t num_pixels = std::int64_t{image.height} * image.width;
    if (first >= num_pixels) return;
    const int count = static_cast<int>(num_pixels - first < kPixels ? num_pixels - first : kPixels);
    const int out_width = swaps_sides(image.orientation) ? image.height : image.width;
    const Place place = {first, count, static_cast<int>(first / out_width),
                         static_cast<int>(first % out_width), out_width};
    if (YccRows<Upsampling::kH2v2>::fits(image)) {
      write(image, place, YccRows<Upsampling::kH2v2>(image, place.y));
    } else if (YccRows<Upsampling::kH2v1>::fits(image)) {
      write(image, place, YccRows<Upsampling::kH2v1>(image, place.y));
    } else if (YccRows<Upsampling::kNone>::fits(image)) {
      write(image, place, YccRows<Upsampling::kNone>(image, place.y));
    } else {
      write(image, place, AnyPixels{image});
    }
  }

 private:
  // The pixels of a lane: `count` of them from (y, x) of the output on.
  struct Place {
    std::int64_t first;
    int count;
    int y, x;
    int width;
  };

  // Of any image, turned in any way.
  struct AnyPixels {
    const GpuImage& image;
    FASTPASS_HD void pixel(int y, int x, std::uint8_t* rgb) const {
      const CropBox stored = stored_box({y, x, 1, 1}, image.orientation, image.height, image.width);
      color_at(image, image.top + stored.top, image.left + stored.left, rgb);
    }
  };

  template <typename Pixels>
  FASTPASS_HD static void write(const GpuImage& image, const Place& place, Pixels pixels) {
    std::uint8_t* out = device_memory(image.pixels) + 3 * place.first;
    const bool is_whole = place.count == kPixels && reinterpret_cast<std::uintptr_t>(out) % 4 == 0;
    std::uint64_t waiting = 0;  // bits of whole pixels that fill no word yet
    int num_bits = 0;
    int y = place.y, x = place.x;
    for (int i = 0; i < place.count; ++i) {
      std::uint8_t rgb[3];
      pixels.pixel(y, x, rgb);
      if (++x == place.width) {
        x = 0;
        ++y;
      }
      if (!is_whole) {
        for (int channel = 0; channel < 3; ++channel) *out++ = rgb[channel];
        continue;
      }
      const std::uint32_t pixel =
          std::uint32_t{rgb[0]} | std::uint32_t{rgb[1]} << 8 | std::uint32_t{rgb[2]} << 16;
      waiting |= std::uint64_t{pixel} << num_bits;
      num_bits += 24;
      if (num_bits < 32) continue;
      *reinterpret_cast<std::uint32_t*>(out) = static_cast<std::uint32_t>(waiting);
      out += 4;
      waiting >>= 32;
      num_bits -= 32;
    }
  }

  FASTPASS_HD static int sample(const GpuComponent& component, int y, int x) {
    const int row = y - (component.first_block_row << component.log2_side);
    const int column = x - (component.first_block_column << component.log2_side);
    return device_memory(component.samples)[std::int64_t{row} * component.stride() + column];
  }

  FASTPASS_HD static int clamp(int value, int size) {
    return value < 0 ? 0 : value < size ? value : size - 1;
  }

  // Of the output pixel (y, x): of the whole image.
  FASTPASS_HD static int upsampled(const GpuComponent& component, int y, int x) {
    const int row = y / component.expand_v;
    const int column = x / component.expand_h;
    if (component.upsampling == Upsampling::kNone ||
        component.upsampling == Upsampling::kReplicate) {
      return sample(component, row, column);
    }
    const int far = clamp(y % 2 == 0 ? row - 1 : row + 1, component.height);
    if (component.upsampling == Upsampling::kH1v2) {
      return upsample_h1v2_at(sample(component, row, column), sample(component, far, column),
                              1 + y % 2);
    }
    const int odd = x % 2;
    const int neighbor = clamp(odd != 0 ? column + 1 : column - 1, component.width);
    const int here = sample(component, row, column);
    const int beside = sample(component, row, neighbor);
    if (component.upsampling == Upsampling::kH2v1) return upsample_h2v1(here, beside, odd);
    return upsample_h2v2(here, beside, sample(component, far, column),
                         sample(component, far, neighbor), odd);
  }

  FASTPASS_HD static void color_at(const GpuImage& image, int y, int x, std::uint8_t* rgb) {
    const int first = upsampled(image.components[0], y, x);
    if (image.color == ColorModel::kGray) {
      rgb[0] = rgb[1] = rgb[2] = static_cast<std::uint8_t>(first);
      return;
    }
    const int second = upsampled(image.components[1], y, x);
    const int third = upsampled(image.components[2], y, x);
    if (image.color == ColorModel::kYcc) return ycc_to_rgb_at(first, second, third, rgb);
    if (image.color == ColorModel::kYcck) {
      return ycck_to_rgb_at(first, second, third, upsampled(image.components[3], y, x), rgb);
    }
    rgb[0] = static_cast<std::uint8_t>(first);
    rgb[1] = static_cast<std::uint8_t>(second);
    rgb[2] = static_cast<std::uint8_t>(third);
    if (image.color == ColorModel::kCmyk) {
      inks_to_rgb_at(rgb, upsampled(image.components[3], y, x));
    }
  }
};

}  // namespace fastpass
