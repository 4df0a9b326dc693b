#include "decode/gpu/decode_layout.h"

#include <algorithm>
#include <cstring>

#include "decode/gpu/gpu_bits.h"
#include "decode/gpu/gpu_pixels.h"
#include "decode/gpu/gpu_spans.h"

namespace fastpass {
namespace {

std::size_t size_of(int count) { return static_cast<std::size_t>(count); }

bool is_on_gpu(const ImagePlan& plan) {
  return plan.coding == PlannedCoding::kIndexed || plan.coding == PlannedCoding::kScan;
}

bool is_same(const GpuHuffmanTables& a, const GpuHuffmanTables& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(HuffmanTable)) == 0;
}

}  // namespace

void DecodeLayout::plan(const std::vector<const ImagePlan*>& plans,
                        const std::vector<std::uint8_t*>& outputs) {
  tables.clear();
  table_sections.clear();
  of_image.assign(plans.size(), ImageSections());
  coefficients_ = samples_ = pixels_ = SectionList();
  count(plans);
  SectionList upload;
  images = upload.add(plans.size() * sizeof(GpuImage));
  natural_order = upload.add(64);
  spans = upload.add(num_spans * sizeof(SpanTask));
  scan_images = upload.add(num_scans * sizeof(std::int32_t));
  transform_tasks = upload.add(num_components * sizeof(ComponentTask));
  transform_first = upload.add((num_components + 1) * sizeof(std::int32_t));
  color_images = upload.add(num_decoded * sizeof(std::int32_t));
  color_first = upload.add((num_decoded + 1) * sizeof(std::int32_t));
  SectionList decoded;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    place_image(*plans[i], outputs[i] != nullptr, &of_image[i], &upload, &decoded);
  }
  upload_bytes = upload.size();
  for (ImageSections& sections : of_image) sections.pixels.offset += upload_bytes;
  pinned_bytes = upload_bytes + decoded.size();
  coefficient_bytes = coefficients_.size();
  sample_bytes = samples_.size();
  pixel_bytes = pixels_.size();
}

void DecodeLayout::count(const std::vector<const ImagePlan*>& plans) {
  num_spans = num_scans = num_parts = num_decoded = num_components = 0;
  for (const ImagePlan* plan : plans) {
    if (plan->coding == PlannedCoding::kPixels) continue;
    ++num_decoded;
    num_components += size_of(plan->image.num_components);
    if (plan->coding == PlannedCoding::kIndexed) num_spans += plan->entries.size();
    if (plan->coding == PlannedCoding::kScan) {
      ++num_scans;
      num_parts += size_of(plan->image.num_parts);
    }
  }
}

void DecodeLayout::place_image(const ImagePlan& plan, bool has_output, ImageSections* sections,
                               SectionList* upload, SectionList* decoded) {
  const std::size_t num_pixel_bytes = 3 * size_of(plan.crop.height) * size_of(plan.crop.width);
  if (!has_output) sections->out = pixels_.add(num_pixel_bytes);
  if (plan.coding == PlannedCoding::kPixels) {
    sections->pixels = decoded->add(num_pixel_bytes);
    return;
  }
  const GpuImage& image = plan.image;
  std::size_t num_coefficients = 0;
  std::size_t num_samples = 0;
  for (int c = 0; c < image.num_components; ++c) {
    const GpuComponent& component = image.components[c];
    const std::size_t num_blocks = size_of(component.num_blocks());
    num_coefficients += 64 * num_blocks;
    // Every component's samples begin at a multiple of 16.
    num_samples += (num_blocks << (2 * component.log2_side)) + 15;
  }
  sections->samples = samples_.add(num_samples);
  if (!is_on_gpu(plan)) {
    sections->coefficients = upload->add(num_coefficients * sizeof(std::int16_t));
    return;
  }
  sections->gpu_coefficients = coefficients_.add(num_coefficients * sizeof(std::int16_t));
  sections->data = upload->add(image.data_size + std::size_t{kLanePadding});
  sections->tables = find_tables(plan.tables.get(), upload);
  if (plan.coding == PlannedCoding::kIndexed) {
    sections->index = upload->add(plan.options.seek_index.size);
  } else {
    sections->segments = upload->add(plan.segments.size() * sizeof(ScanSegment));
  }
}

// Most files of a batch have the same tables.
std::size_t DecodeLayout::find_tables(const GpuHuffmanTables* wanted, SectionList* upload) {
  const auto is_wanted = [wanted](const GpuHuffmanTables* other) {
    return other == wanted || is_same(*other, *wanted);
  };
  constexpr std::size_t kLooksBack = 4;
  const std::size_t begin = tables.size() - std::min(tables.size(), kLooksBack);
  for (std::size_t i = tables.size(); i-- > begin;) {
    if (is_wanted(tables[i])) return i;
  }
  tables.push_back(wanted);
  table_sections.push_back(upload->add(wanted->size() * sizeof(HuffmanTable)));
  return tables.size() - 1;
}

}  // namespace fastpass
