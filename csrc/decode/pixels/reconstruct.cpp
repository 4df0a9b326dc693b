#include "decode/pixels/reconstruct.h"

#include <algorithm>
#include <new>
#include <string>

#include "decode/pixels/color.h"

namespace fastpass {
namespace {

void inks_to_rgb(const std::uint8_t* black, int width, std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x) inks_to_rgb_at(rgb + 3 * x, black[x]);
}

void invert(std::uint8_t* bytes, int count) {
  for (int i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(255 - bytes[i]);
}

}  // namespace

void Reconstructor::scaled_size(const Frame& frame, int scale_denominator, int* width,
                                int* height) {
  *width = (frame.width + scale_denominator - 1) / scale_denominator;
  *height = (frame.height + scale_denominator - 1) / scale_denominator;
}

Status Reconstructor::begin(const Frame& frame, int scale_denominator, const CropBox& crop,
                            const ImageView& out, bool luma_only) {
  frame_ = &frame;
  const bool is_luma = luma_only && frame.color == ColorModel::kYcc;
  num_planes_ = is_luma ? 1 : frame.num_components;
  color_ = is_luma ? ColorModel::kGray : frame.color;
  crop_ = crop;
  out_ = out;
  layout_ = plan_chunk(frame);
  mcu_height_ = frame.max_v * 8 / scale_denominator;
  next_row_ = crop.top;
  blends_rows_ = false;
  std::array<ComponentScale, kMaxComponents> scales;
  for (int c = 0; c < num_planes_; ++c) {
    const auto index = static_cast<std::size_t>(c);
    FASTPASS_RETURN_IF_ERROR(scale_component(frame, c, scale_denominator, &scales[index]));
    blends_rows_ = blends_rows_ || scales[index].blends_rows();
  }
  for (std::size_t c = 0; c < static_cast<std::size_t>(num_planes_); ++c) {
    planes_[c].plan(frame.components[c], scales[c], {crop.left, crop.left + crop.width},
                    {crop.top, crop.top + crop.height}, blends_rows_ ? 2 : 1);
  }
  plan_range();
  return allocate_planes();
}

void Reconstructor::plan_range() {
  Interval columns = planes_[0].mcu_columns();
  Interval rows = planes_[0].mcu_rows();
  for (std::size_t c = 1; c < static_cast<std::size_t>(num_planes_); ++c) {
    columns.begin = std::min(columns.begin, planes_[c].mcu_columns().begin);
    columns.end = std::max(columns.end, planes_[c].mcu_columns().end);
    rows.begin = std::min(rows.begin, planes_[c].mcu_rows().begin);
    rows.end = std::max(rows.end, planes_[c].mcu_rows().end);
  }
  range_ = {rows.begin, rows.end, columns.begin, columns.end};
}

Status Reconstructor::allocate_planes() {
  std::size_t wanted = 0;
  for (std::size_t c = 0; c < static_cast<std::size_t>(num_planes_); ++c)
    wanted += planes_[c].bytes();
  if (wanted > capacity_) {
    memory_.reset();
    capacity_ = 0;
    memory_.reset(new (std::nothrow) std::uint8_t[wanted]);
    if (!memory_) {
      return {Fault::kOutOfMemory, "no memory for " + std::to_string(wanted) +
                                       " bytes of component planes (rows of " +
                                       std::to_string(crop_.width) + " pixels)"};
    }
    capacity_ = wanted;
  }
  std::uint8_t* memory = memory_.get();
  for (std::size_t c = 0; c < static_cast<std::size_t>(num_planes_); ++c) {
    planes_[c].set_memory(memory);
    memory += planes_[c].bytes();
  }
  return {};
}

int Reconstructor::last_coefficient(int component) const {
  // The transforms to 4 x 4 and 2 x 2 samples look at the highest frequencies as well.
  return planes_[static_cast<std::size_t>(component)].scale().log2_side == 0 ? 0 : 63;
}

void Reconstructor::put(int row, int column, int num_mcus, const std::int16_t* chunk) {
  for (int c = 0; c < num_planes_; ++c) {
    planes_[static_cast<std::size_t>(c)].put(routines_, row, column, num_mcus,
                                             chunk + layout_.first_group[c] * kGroupCoefficients,
                                             layout_.groups_per_row[c]);
  }
}

void Reconstructor::finish_row(int row) {
  for (std::size_t c = 0; c < static_cast<std::size_t>(num_planes_); ++c)
    planes_[c].finish_row(row);
  const int bottom = crop_.top + crop_.height;
  int end = bottom;
  if (row + 1 < range_.row_end) {
    end = std::min(bottom, (row + 1) * mcu_height_ - (blends_rows_ ? 1 : 0));
  }
  for (; next_row_ < end; ++next_row_) write_row(next_row_);
}

void Reconstructor::write_row(int y) {
  const std::uint8_t* lines[kMaxComponents] = {};
  for (int c = 0; c < num_planes_; ++c)
    lines[c] = planes_[static_cast<std::size_t>(c)].line(routines_, y);
  std::uint8_t* rgb = out_.row(y - crop_.top);
  const int width = crop_.width;
  switch (color_) {
    case ColorModel::kGray:
      routines_.gray_to_rgb(lines[0], width, rgb);
      return;
    case ColorModel::kYcc:
      routines_.ycc_to_rgb(lines[0], lines[1], lines[2], width, rgb);
      return;
    case ColorModel::kRgb:
      routines_.interleave_rgb(lines[0], lines[1], lines[2], width, rgb);
      return;
    case ColorModel::kCmyk:
      routines_.interleave_rgb(lines[0], lines[1], lines[2], width, rgb);
      inks_to_rgb(lines[3], width, rgb);
      return;
    case ColorModel::kYcck:
      routines_.ycc_to_rgb(lines[0], lines[1], lines[2], width, rgb);
      invert(rgb, 3 * width);
      inks_to_rgb(lines[3], width, rgb);
      return;
  }
}

}  // namespace fastpass
