// One image of a batch, as the kernels that decode it see it: plain data in the device's memory.
#pragma once

#include <cstdint>

#include "common/hd.h"
#include "decode/entropy/huffman.h"
#include "decode/pixels/upsample.h"
#include "decode/seek/seek_layout.h"
#include "decode/syntax/color_model.h"

namespace fastpass {

// Coefficients lie block by block, 64 each, row * 8 + column; samples line by line. Both hold the
// blocks that the crop needs, and no others.
struct GpuComponent {
  int h = 1;  // sampling factors
  int v = 1;
  int first_block_column = 0;
  int first_block_row = 0;
  int blocks_wide = 0;
  int blocks_high = 0;
  int log2_side = 3;  // samples of a block's side
  int width = 0;      // samples of the whole component that come from the image
  int height = 0;
  int expand_h = 1;  // output pixels per sample
  int expand_v = 1;
  Upsampling upsampling = Upsampling::kNone;
  const HuffmanTable* dc_table = nullptr;
  const HuffmanTable* ac_table = nullptr;
  std::int16_t* coefficients = nullptr;
  std::uint8_t* samples = nullptr;
  std::uint16_t quant[64] = {};

  FASTPASS_HD int side() const { return 1 << log2_side; }
  FASTPASS_HD int stride() const { return blocks_wide << log2_side; }
  FASTPASS_HD int num_blocks() const { return blocks_wide * blocks_high; }
  // nullptr where the crop does not need that block.
  FASTPASS_HD std::int16_t* block(int row, int column) const {
    const int y = row - first_block_row;
    const int x = column - first_block_column;
    if (y < 0 || y >= blocks_high || x < 0 || x >= blocks_wide) return nullptr;
    return coefficients + (std::int64_t{y} * blocks_wide + x) * 64;
  }
};

// Which block of which component comes at this place of an MCU.
struct McuBlock {
  std::uint8_t component;
  std::uint8_t row;  // in the MCU
  std::uint8_t column;
};

// Data of one restart interval; all of a scan's where there are none.
struct ScanSegment {
  std::uint32_t begin = 0;  // bytes, from the image's first word
  std::uint32_t end = 0;
  int first_mcu = 0;
  int num_mcus = 0;
  int first_part = 0;  // see gpu_scan.h
};

// An image of the batch: sizes, tables, and pointers to its sections.
struct GpuImage {
  // The bytes of the file from offset `data_begin` on, `data_size` of them and kLanePadding.
  const std::uint32_t* words = nullptr;
  std::uint64_t data_begin = 0;
  std::uint32_t data_size = 0;

  int num_components = 0;
  GpuComponent components[kMaxComponents];
  int num_blocks = 0;  // of an MCU
  McuBlock blocks[kMaxBlocksInMcu] = {};
  int mcus_wide = 0;
  int num_mcus = 0;
  int restart_interval = 0;
  // What the crop needs, half-open.
  int mcu_row_begin = 0;
  int mcu_row_end = 0;
  int mcu_column_begin = 0;
  int mcu_column_end = 0;

  // kIndexed
  const std::uint8_t* index = nullptr;
  SeekLayout seek_layout;
  int mcus_per_entry = 1;

  // kScan
  const ScanSegment* segments = nullptr;
  int num_segments = 0;
  int num_parts = 0;
  int first_part = 0;  // in the batch's memory for parts

  ColorModel color = ColorModel::kYcc;
  int top = 0;  // the crop, of the image as it is stored
  int left = 0;
  int height = 0;
  int width = 0;
  int orientation = 1;  // the pixels are turned by it when they are written
  std::uint8_t* pixels = nullptr;

  std::uint32_t* given_up = nullptr;  // set to 1 by whoever meets damage

  FASTPASS_HD bool needs_mcu(int mcu) const {
    const int row = mcu / mcus_wide;
    const int column = mcu % mcus_wide;
    return row >= mcu_row_begin && row < mcu_row_end && column >= mcu_column_begin &&
           column < mcu_column_end;
  }
};

// Where block `index` of MCU `mcu` is stored; nullptr where the crop does not need it.
FASTPASS_HD inline std::int16_t* block_of_mcu(const GpuImage& image, int mcu, int index) {
  const McuBlock& block = image.blocks[index];
  const GpuComponent& component = image.components[block.component];
  return component.block(mcu / image.mcus_wide * component.v + block.row,
                         mcu % image.mcus_wide * component.h + block.column);
}

}  // namespace fastpass
