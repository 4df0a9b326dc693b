// Where everything that a batch copies to a device, and everything that its passes leave there,
// lies in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "decode/gpu/gpu_image_plan.h"

namespace fastpass {

// A piece of memory by its offset.
struct Section {
  std::size_t offset = 0;
  std::size_t bytes = 0;
};

// Hands out aligned sections one behind the other.
class SectionList {
 public:
  Section add(std::size_t bytes, std::size_t alignment = 16) {
    size_ = (size_ + alignment - 1) / alignment * alignment;
    const Section section = {size_, bytes};
    size_ += bytes;
    return section;
  }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

// Sections of one image; empty where its coding has none.
struct ImageSections {
  Section data;  // of the upload, as the next three
  Section index;
  Section segments;
  Section coefficients;      // of what the CPU decoded
  Section pixels;            // behind the upload: copied to their place right away
  Section gpu_coefficients;  // of the coefficients, which are cleared
  Section samples;           // of the samples
  Section out;               // of the pixels
  std::size_t tables = 0;    // in DecodeLayout::tables
};

// Sizes and places of all sections of a batch, planned before memory is taken.
struct DecodeLayout {
  Section images;  // of the upload, as all that follow
  Section natural_order;
  Section spans;
  Section scan_images;
  Section transform_tasks;
  Section transform_first;
  Section color_images;
  Section color_first;
  std::vector<const GpuHuffmanTables*> tables;  // the distinct ones
  std::vector<Section> table_sections;
  std::vector<ImageSections> of_image;

  std::size_t upload_bytes = 0;
  std::size_t pinned_bytes = 0;  // the upload, and pixels that the CPU decoded
  std::size_t coefficient_bytes = 0;
  std::size_t sample_bytes = 0;
  std::size_t pixel_bytes = 0;
  std::size_t num_spans = 0;
  std::size_t num_scans = 0;
  std::size_t num_parts = 0;
  std::size_t num_decoded = 0;     // images that are not kPixels
  std::size_t num_components = 0;  // of these

  // Keeps its memory from batch to batch. `has_output[i]`: whether image i has memory of its own.
  void plan(const std::vector<const ImagePlan*>& plans, const std::vector<std::uint8_t*>& outputs);

 private:
  void count(const std::vector<const ImagePlan*>& plans);
  void place_image(const ImagePlan& plan, bool has_output, ImageSections* sections,
                   SectionList* upload, SectionList* pixels);
  std::size_t find_tables(const GpuHuffmanTables* tables, SectionList* upload);

  SectionList coefficients_;
  SectionList samples_;
  SectionList pixels_;
};

}  // namespace fastpass
