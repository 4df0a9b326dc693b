// Entropy decoding of indexed files: a lane per entry of the seek index that a crop needs. Lanes
// write blocks of their own only, so that they may run in any order or all at once.
#pragma once

#include <cstdint>

#include "common/hd.h"
#include "decode/gpu/gpu_huffman.h"
#include "decode/gpu/gpu_image.h"

namespace fastpass {

// An entry of the seek index, from which one lane decodes.
struct SpanTask {
  std::int32_t image;
  std::int32_t entry;
};

// `block` may be nullptr; false at damage.
FASTPASS_HD inline bool decode_gpu_block(GpuBits& reader, const GpuImage& image, int index,
                                         const std::uint8_t* natural_order,
                                         GpuPredictors& predictors, std::int16_t* block) {
  const GpuComponent& component = image.components[index];
  const GpuSymbol dc = read_dc(reader, *component.dc_table);
  bool is_sound = dc.is_sound;
  predictors.add(index, dc.value);
  if (block != nullptr) block[0] = static_cast<std::int16_t>(predictors.of(index));
  const bool stores = block != nullptr && component.log2_side > 0;
  for (int k = 1; k < 64;) {
    const GpuSymbol symbol = read_ac(reader, *component.ac_table, k);
    is_sound = is_sound && symbol.is_sound;
    if (stores && symbol.has_value && symbol.k < 64) {
      block[natural_order[symbol.k]] = static_cast<std::int16_t>(symbol.value);
    }
    k = symbol.next_k;
  }
  return is_sound && !has_run_out(reader);
}

// The pass over indexed files: one lane per entry.
struct DecodeSpans {
  const GpuImage* images;
  const SpanTask* tasks;
  const std::uint8_t* natural_order;  // [64], of zigzag positions

  FASTPASS_HD void operator()(std::int64_t lane) const {
    const SpanTask task = tasks[lane];
    const GpuImage& image = images[task.image];
    if (!decode(image, task.entry)) *image.given_up = 1;
  }

 private:
  FASTPASS_HD bool decode(const GpuImage& image, int entry) const {
    const auto bit_offset =
        static_cast<std::uint64_t>(seek_bit_offset(image.seek_layout, image.index, entry));
    // A false index may name any place.
    if (bit_offset / 8 < image.data_begin) return false;
    const std::uint64_t byte = bit_offset / 8 - image.data_begin;
    if (byte >= image.data_size) return false;
    std::int16_t dc[4];
    seek_dc(image.seek_layout, image.index, entry, dc);
    GpuPredictors predictors;
    for (int i = 0; i < 4; ++i) predictors.add(i, dc[i]);
    GpuBits reader = begin_gpu_bits(image.words, static_cast<std::uint32_t>(byte),
                                    static_cast<int>(bit_offset % 8));
    const int first = entry * image.mcus_per_entry;
    const int end = last_needed(image, first) + 1;
    for (int mcu = first; mcu < end; ++mcu) {
      if (image.restart_interval != 0 && mcu != first && mcu % image.restart_interval == 0) {
        if (!cross_restart(reader, (mcu / image.restart_interval - 1) & 7)) return false;
        predictors = GpuPredictors();
      }
      if (!decode_mcu(image, mcu, reader, predictors)) return false;
    }
    return true;
  }

  FASTPASS_HD static int last_needed(const GpuImage& image, int first) {
    const int behind = first + image.mcus_per_entry;
    int mcu = (behind < image.num_mcus ? behind : image.num_mcus) - 1;
    while (mcu >= first && !image.needs_mcu(mcu)) --mcu;
    return mcu;
  }

  FASTPASS_HD bool decode_mcu(const GpuImage& image, int mcu, GpuBits& reader,
                              GpuPredictors& predictors) const {
    for (int i = 0; i < image.num_blocks; ++i) {
      if (!decode_gpu_block(reader, image, image.blocks[i].component, natural_order, predictors,
                            block_of_mcu(image, mcu, i))) {
        return false;
      }
    }
    return true;
  }
};

}  // namespace fastpass
