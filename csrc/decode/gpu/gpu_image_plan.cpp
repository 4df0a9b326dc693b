#include "decode/gpu/gpu_image_plan.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "decode/decoder_registry.h"
#include "decode/gpu/gpu_scan.h"
#include "decode/gpu/scan_segments.h"
#include "decode/image_checks.h"
#include "decode/pixels/reconstruct.h"

namespace fastpass {
namespace {

// Offsets of bytes and bits on the device have 32 bits.
constexpr std::size_t kMostBytes = std::size_t{1} << 28;
// Behind the first byte of an entry, for codes that begin in it.
constexpr std::size_t kEntryMargin = 16;

Interval in_units_of(const Interval& samples, int unit) {
  return {samples.begin / unit, (samples.end - 1) / unit + 1};
}

void widen(const Interval& other, int* begin, int* end) {
  *begin = std::min(*begin, other.begin);
  *end = std::max(*end, other.end);
}

bool is_same(const HuffmanSpec& a, const HuffmanSpec& b) {
  return a.counts == b.counts && a.values == b.values;
}

int index_in(std::vector<HuffmanSpec>* specs, const HuffmanSpec& spec) {
  const auto found = std::find_if(specs->begin(), specs->end(),
                                  [&](const HuffmanSpec& other) { return is_same(other, spec); });
  const auto index = static_cast<int>(found - specs->begin());
  if (found == specs->end()) specs->push_back(spec);
  return index;
}

void copy_block(const std::int16_t* group_block, std::int16_t* block) {
  for (int row = 0; row < 8; ++row) {
    std::memcpy(block + 8 * row, group_block + kGroupStride * row, 8 * sizeof(std::int16_t));
  }
}

}  // namespace

ImagePlanner::ImagePlanner() : decoder_(make_decoder("auto")) {}

Status ImagePlanner::plan(Span jpeg, const DecodeOptions& options, ImagePlan* plan) {
  JpegHeaders headers;
  // What is wrong with them the CPU's decoder tells.
  static_cast<void>(headers.read(jpeg));
  return this->plan(headers, options, plan);
}

Status ImagePlanner::plan(const JpegHeaders& headers, const DecodeOptions& options,
                          ImagePlan* plan) {
  plan->jpeg = headers.jpeg();
  plan->options = options;
  if (plan_for_gpu(headers, plan)) return {};
  plan->coding = PlannedCoding::kPixels;
  FASTPASS_RETURN_IF_ERROR(decoder_->decode(headers, options, &plan->pixels));
  const ImageView& view = plan->pixels.view();
  const CropBox crop = options.crop.value_or(CropBox{});
  plan->crop = {crop.top, crop.left, view.height, view.width};
  return {};
}

bool ImagePlanner::plan_for_gpu(const JpegHeaders& headers, ImagePlan* plan) {
  if (plan->jpeg.size >= kMostBytes || !headers.status().ok()) return false;
  markers_ = headers.markers();  // a copy, which goes on to further scans
  return is_acceptable(*plan) && plan_geometry(plan) && plan_coding(plan);
}

// What the CPU backend asks before it decodes.
bool ImagePlanner::is_acceptable(const ImagePlan& plan) const {
  const Frame& frame = markers_.frame();
  const FrameComponent& first = frame.components[0];
  const std::int64_t num_blocks = std::int64_t{first.width_in_blocks} * first.height_in_blocks;
  return markers_.damage().ok() &&
         check_pixel_budget(frame.width, frame.height, plan.options.max_pixels).ok() &&
         check_data_size(frame.width, frame.height, num_blocks, plan.jpeg.size).ok();
}

bool ImagePlanner::plan_geometry(ImagePlan* plan) const {
  const Frame& frame = markers_.frame();
  int width, height;
  Reconstructor::scaled_size(frame, plan->options.scale_denominator, &width, &height);
  const int orientation = plan->options.applies_orientation ? markers_.exif_orientation() : 1;
  const bool is_swapped = swaps_sides(orientation);
  const int shown_width = is_swapped ? height : width;
  const int shown_height = is_swapped ? width : height;
  if (!resolve_crop(plan->options, shown_width, shown_height, &plan->crop).ok()) return false;
  const CropBox crop = stored_box(plan->crop, orientation, height, width);
  GpuImage& image = plan->image;
  image = GpuImage();
  image.num_components = frame.num_components;
  image.mcus_wide = frame.mcus_wide;
  image.num_mcus = frame.mcus_wide * frame.mcus_high;
  image.mcu_row_begin = frame.mcus_high;
  image.mcu_column_begin = frame.mcus_wide;
  image.color = frame.color;
  image.top = crop.top;
  image.left = crop.left;
  image.height = crop.height;
  image.width = crop.width;
  image.orientation = orientation;
  for (int c = 0; c < frame.num_components; ++c) {
    const FrameComponent& sampled = frame.components[static_cast<std::size_t>(c)];
    ComponentScale scale;
    if (!scale_component(frame, c, plan->options.scale_denominator, &scale).ok()) return false;
    const Interval columns = scale.columns_of(crop.left, crop.left + crop.width);
    const Interval rows = scale.rows_of(crop.top, crop.top + crop.height);
    const Interval block_columns = in_units_of(columns, scale.side());
    const Interval block_rows = in_units_of(rows, scale.side());
    GpuComponent& component = image.components[c];
    component.h = sampled.h;
    component.v = sampled.v;
    component.first_block_column = block_columns.begin;
    component.first_block_row = block_rows.begin;
    component.blocks_wide = block_columns.size();
    component.blocks_high = block_rows.size();
    component.log2_side = scale.log2_side;
    component.width = scale.width;
    component.height = scale.height;
    component.expand_h = scale.expand_h;
    component.expand_v = scale.expand_v;
    component.upsampling = scale.upsampling;
    widen(in_units_of(columns, sampled.h * scale.side()), &image.mcu_column_begin,
          &image.mcu_column_end);
    widen(in_units_of(rows, sampled.v * scale.side()), &image.mcu_row_begin, &image.mcu_row_end);
  }
  return true;
}

bool ImagePlanner::plan_coding(ImagePlan* plan) {
  if (!markers_.is_single_scan()) return plan_coefficients(plan);
  const Frame& frame = markers_.frame();
  const Scan& scan = markers_.scan();
  GpuImage& image = plan->image;
  image.restart_interval = scan.restart_interval;
  image.num_blocks = 0;
  for (int i = 0; i < scan.num_components; ++i) {
    const int index = scan.components[static_cast<std::size_t>(i)].index;
    const FrameComponent& component = frame.components[static_cast<std::size_t>(index)];
    for (int block = 0; block < component.h * component.v; ++block) {
      image.blocks[image.num_blocks++] = {static_cast<std::uint8_t>(index),
                                          static_cast<std::uint8_t>(block / component.h),
                                          static_cast<std::uint8_t>(block % component.h)};
    }
  }
  for (int c = 0; c < frame.num_components; ++c) {
    const auto& steps = frame.components[static_cast<std::size_t>(c)].quant.steps;
    std::copy(steps.begin(), steps.end(), image.components[c].quant);
  }
  plan_tables(plan);
  if (plan->options.seek_index.size != 0) return plan_spans(plan);
  return plan_scan(plan);
}

void ImagePlanner::plan_tables(ImagePlan* plan) {
  const Scan& scan = markers_.scan();
  std::vector<HuffmanSpec> specs;
  for (int i = 0; i < scan.num_components; ++i) {
    const ScanComponent& component = scan.components[static_cast<std::size_t>(i)];
    plan->dc_table[component.index] = index_in(&specs, markers_.dc_spec(component.dc_table));
    plan->ac_table[component.index] = index_in(&specs, markers_.ac_spec(component.ac_table));
  }
  const bool is_known =
      std::equal(specs.begin(), specs.end(), known_.specs.begin(), known_.specs.end(), is_same);
  if (!is_known) {
    auto tables = std::make_shared<GpuHuffmanTables>(specs.size());
    for (std::size_t i = 0; i < specs.size(); ++i) {
      build_huffman_table(specs[i].counts.data(), specs[i].values.data(), &(*tables)[i]);
    }
    known_ = {std::move(specs), std::move(tables)};
  }
  plan->tables = known_.tables;
}

bool ImagePlanner::plan_spans(ImagePlan* plan) {
  GpuImage& image = plan->image;
  const bool verify = !plan->options.is_seek_index_verified;
  if (!index_.parse(plan->options.seek_index, plan->jpeg, image.num_mcus, verify).ok()) {
    return false;
  }
  // The one entry that is known beforehand.
  const SeekEntry first = index_.entry(0);
  if (first.bit_offset != std::uint64_t{8} * markers_.scan().data_offset ||
      first.dc != SeekEntry().dc) {
    return false;
  }
  image.seek_layout = index_.layout();
  image.mcus_per_entry = index_.mcus_per_entry();
  plan->entries.clear();
  for (int row = image.mcu_row_begin; row < image.mcu_row_end; ++row) {
    const int mcu = row * image.mcus_wide;
    int entry = (mcu + image.mcu_column_begin) / image.mcus_per_entry;
    const int last = (mcu + image.mcu_column_end - 1) / image.mcus_per_entry;
    if (!plan->entries.empty()) entry = std::max(entry, plan->entries.back() + 1);
    for (; entry <= last; ++entry) plan->entries.push_back(entry);
  }
  const std::size_t size = plan->jpeg.size;
  const int behind = plan->entries.back() + 1;
  std::size_t end = size;
  if (behind < index_.num_entries()) {
    end = std::min(size,
                   static_cast<std::size_t>(index_.entry(behind).bit_offset / 8) + kEntryMargin);
  }
  image.data_begin = index_.entry(plan->entries.front()).bit_offset / 8;
  if (image.data_begin >= end) return false;
  image.data_size = static_cast<std::uint32_t>(end - image.data_begin);
  plan->coding = PlannedCoding::kIndexed;
  return true;
}

bool ImagePlanner::plan_scan(ImagePlan* plan) const {
  GpuImage& image = plan->image;
  const std::size_t begin = markers_.scan().data_offset;
  if (begin >= plan->jpeg.size) return false;
  image.data_begin = begin;
  image.data_size = static_cast<std::uint32_t>(plan->jpeg.size - begin);
  const Span data = {plan->jpeg.data + begin, image.data_size};
  if (!find_scan_segments(data, image.restart_interval, image.num_mcus, &plan->segments)) {
    return false;
  }
  image.num_segments = static_cast<int>(plan->segments.size());
  image.num_parts = number_scan_parts(&plan->segments);
  // Blocks whose codes are the same cannot be told apart: guesses about them never meet.
  const bool is_uniform = image.num_blocks > 1 && plan->tables->size() <= 2;
  if (is_uniform && image.num_parts > image.num_segments) return false;
  plan->coding = PlannedCoding::kScan;
  return true;
}

bool ImagePlanner::plan_coefficients(ImagePlan* plan) {
  Status damage;
  const CoefficientLimits limits = {plan->options.max_pixels, plan->options.max_scan_blocks};
  const Status status =
      coefficient_decoder_.decode(&markers_, plan->jpeg, limits, &coefficient_image_, &damage);
  if (!status.ok() || !damage.ok()) return false;
  const Frame& frame = markers_.frame();
  const SentBits& sent = coefficient_decoder_.sent_bits();
  const bool is_smoothed = wants_block_smoothing(frame, sent.known);
  const BlockSmoother smoother(frame, sent, coefficient_image_);
  const ChunkLayout& layout = coefficient_image_.layout();
  GpuImage& image = plan->image;
  std::size_t num_blocks = 0;
  for (int c = 0; c < image.num_components; ++c) {
    num_blocks += static_cast<std::size_t>(image.components[c].num_blocks());
  }
  plan->coefficients.resize(64 * num_blocks);
  std::int16_t* block = plan->coefficients.data();
  for (int c = 0; c < image.num_components; ++c) {
    GpuComponent& component = image.components[c];
    // Known only now: tables may come with the last scan.
    const auto& steps = frame.components[static_cast<std::size_t>(c)].quant.steps;
    std::copy(steps.begin(), steps.end(), component.quant);
    const int blocks_per_chunk = layout.mcus * component.h;
    for (int y = 0; y < component.blocks_high; ++y) {
      const int row = component.first_block_row + y;
      for (int x = 0; x < component.blocks_wide; ++x, block += 64) {
        const int column = component.first_block_column + x;
        const std::int16_t* chunk =
            coefficient_image_.chunk(row / component.v, column / blocks_per_chunk);
        copy_block(chunk + layout.block_offset(c, row % component.v, column % blocks_per_chunk),
                   block);
        if (is_smoothed) smoother.smooth(c, row, column, 8, block);
      }
    }
  }
  plan->coding = PlannedCoding::kCoefficients;
  return true;
}

}  // namespace fastpass
