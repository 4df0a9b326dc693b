#include "decode/gpu/batch_decoder.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace fastpass {
namespace {

using Kind = GrowingMemory::Kind;

constexpr std::uint8_t kNaturalOrder[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

std::int32_t blocks_for(std::int64_t count, std::int64_t per_block) {
  return static_cast<std::int32_t>((count + per_block - 1) / per_block);
}

void copy_bytes(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

}  // namespace

BatchDecoder::BatchDecoder(Device* device, DecodeKernels* kernels)
    : device_(device),
      kernels_(kernels),
      upload_pinned_(device, Kind::kPinned),
      upload_(device, Kind::kDevice),
      coefficients_(device, Kind::kDevice),
      samples_(device, Kind::kDevice),
      own_pixels_(device, Kind::kDevice),
      parts_(device, Kind::kDevice),
      given_up_(device, Kind::kDevice),
      given_up_pinned_(device, Kind::kPinned),
      replacement_pinned_(device, Kind::kPinned) {}

Status BatchDecoder::queue(const std::vector<const ImagePlan*>& plans,
                           const std::vector<std::uint8_t*>& outputs, Stream stream) {
  layout_.plan(plans, outputs);
  replacement_used_ = 0;
  FASTPASS_RETURN_IF_ERROR(reserve());
  point_at_outputs(plans, outputs);
  passes_ = DecodePasses();
  fill_upload(plans);
  const std::size_t flag_bytes = plans.size() * sizeof(std::uint32_t);
  if (plans.empty()) return {};
  FASTPASS_RETURN_IF_ERROR(
      device_->copy_to_device(upload_.data(), upload_pinned_.data(), layout_.upload_bytes, stream));
  FASTPASS_RETURN_IF_ERROR(copy_decoded(plans, stream));
  FASTPASS_RETURN_IF_ERROR(device_->clear(given_up_.data(), flag_bytes, stream));
  if (layout_.coefficient_bytes > 0) {
    FASTPASS_RETURN_IF_ERROR(
        device_->clear(coefficients_.data(), layout_.coefficient_bytes, stream));
  }
  FASTPASS_RETURN_IF_ERROR(kernels_->run(passes_, stream));
  return device_->copy_to_host(given_up_pinned_.data(), given_up_.data(), flag_bytes, stream);
}

Status BatchDecoder::reserve() {
  const std::size_t flag_bytes = layout_.of_image.size() * sizeof(std::uint32_t);
  FASTPASS_RETURN_IF_ERROR(upload_pinned_.reserve(layout_.pinned_bytes));
  FASTPASS_RETURN_IF_ERROR(upload_.reserve(layout_.upload_bytes));
  FASTPASS_RETURN_IF_ERROR(coefficients_.reserve(layout_.coefficient_bytes));
  FASTPASS_RETURN_IF_ERROR(samples_.reserve(layout_.sample_bytes));
  FASTPASS_RETURN_IF_ERROR(own_pixels_.reserve(layout_.pixel_bytes));
  FASTPASS_RETURN_IF_ERROR(parts_.reserve(layout_.num_parts * sizeof(ScanPart)));
  FASTPASS_RETURN_IF_ERROR(given_up_.reserve(flag_bytes));
  return given_up_pinned_.reserve(flag_bytes);
}

void BatchDecoder::point_at_outputs(const std::vector<const ImagePlan*>& plans,
                                    const std::vector<std::uint8_t*>& outputs) {
  pixels_.resize(plans.size());
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const CropBox& crop = plans[i]->crop;
    std::uint8_t* own = own_pixels_.data() + layout_.of_image[i].out.offset;
    pixels_[i] = {outputs[i] != nullptr ? outputs[i] : own, crop.height, crop.width, 3,
                  std::ptrdiff_t{3} * crop.width};
  }
}

void BatchDecoder::fill_upload(const std::vector<const ImagePlan*>& plans) {
  copy_bytes(pinned<std::uint8_t>(layout_.natural_order), kNaturalOrder, sizeof(kNaturalOrder));
  for (std::size_t i = 0; i < layout_.tables.size(); ++i) {
    const Section& section = layout_.table_sections[i];
    copy_bytes(pinned<HuffmanTable>(section), layout_.tables[i]->data(), section.bytes);
  }
  auto* images = pinned<GpuImage>(layout_.images);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    images[i] = plans[i]->image;
    fill_image(*plans[i], i, &images[i]);
  }
  fill_tasks(plans);
}

// Turns the offsets of the plan into pointers.
void BatchDecoder::fill_image(const ImagePlan& plan, std::size_t index, GpuImage* image) {
  const ImageSections& sections = layout_.of_image[index];
  image->pixels = pixels_[index].data;
  image->given_up = reinterpret_cast<std::uint32_t*>(given_up_.data()) + index;
  if (plan.coding == PlannedCoding::kPixels) {
    const ImageView& view = plan.pixels.view();
    copy_bytes(pinned<std::uint8_t>(sections.pixels), view.data, sections.pixels.bytes);
    return;
  }
  const bool is_decoded = plan.coding == PlannedCoding::kCoefficients;
  auto* coefficients = is_decoded ? on_gpu<std::int16_t>(sections.coefficients)
                                  : reinterpret_cast<std::int16_t*>(
                                        coefficients_.data() + sections.gpu_coefficients.offset);
  std::uint8_t* samples = samples_.data() + sections.samples.offset;
  for (int c = 0; c < image->num_components; ++c) {
    GpuComponent& component = image->components[c];
    const auto num_blocks = static_cast<std::size_t>(component.num_blocks());
    component.coefficients = coefficients;
    component.samples = samples;
    coefficients += 64 * num_blocks;
    samples += ((num_blocks << (2 * component.log2_side)) + 15) / 16 * 16;
  }
  if (is_decoded) {
    copy_bytes(pinned<std::int16_t>(sections.coefficients), plan.coefficients.data(),
               sections.coefficients.bytes);
  } else {
    fill_data(plan, sections, image);
  }
}

void BatchDecoder::fill_data(const ImagePlan& plan, const ImageSections& sections,
                             GpuImage* image) {
  auto* data = pinned<std::uint8_t>(sections.data);
  copy_bytes(data, plan.jpeg.data + image->data_begin, image->data_size);
  for (int i = 0; i < kLanePadding; ++i) {
    data[image->data_size + static_cast<std::uint32_t>(i)] = i % 2 == 0 ? 0xFF : 0xD9;
  }
  image->words = on_gpu<std::uint32_t>(sections.data);
  const auto* tables = on_gpu<HuffmanTable>(layout_.table_sections[sections.tables]);
  for (int c = 0; c < image->num_components; ++c) {
    image->components[c].dc_table = tables + plan.dc_table[c];
    image->components[c].ac_table = tables + plan.ac_table[c];
  }
  if (plan.coding == PlannedCoding::kIndexed) {
    copy_bytes(pinned<std::uint8_t>(sections.index), plan.options.seek_index.data,
               sections.index.bytes);
    image->index = on_gpu<std::uint8_t>(sections.index);
  } else {
    copy_bytes(pinned<ScanSegment>(sections.segments), plan.segments.data(),
               sections.segments.bytes);
    image->segments = on_gpu<ScanSegment>(sections.segments);
  }
}

void BatchDecoder::fill_tasks(const std::vector<const ImagePlan*>& plans) {
  auto* images = pinned<GpuImage>(layout_.images);
  auto* span = pinned<SpanTask>(layout_.spans);
  auto* scan = pinned<std::int32_t>(layout_.scan_images);
  auto* component_task = pinned<ComponentTask>(layout_.transform_tasks);
  auto* transform_first = pinned<std::int32_t>(layout_.transform_first);
  auto* color_image = pinned<std::int32_t>(layout_.color_images);
  auto* color_first = pinned<std::int32_t>(layout_.color_first);
  int first_part = 0;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const ImagePlan& plan = *plans[i];
    const auto index = static_cast<std::int32_t>(i);
    if (plan.coding == PlannedCoding::kPixels) continue;
    if (plan.coding == PlannedCoding::kIndexed) {
      for (const std::int32_t entry : plan.entries) *span++ = {index, entry};
    } else if (plan.coding == PlannedCoding::kScan) {
      *scan++ = index;
      images[i].first_part = first_part;
      first_part += plan.image.num_parts;
    }
    for (int c = 0; c < plan.image.num_components; ++c) {
      *component_task++ = {index, c};
      *transform_first++ = passes_.num_transform_blocks;
      passes_.num_transform_blocks +=
          blocks_for(plan.image.components[c].num_blocks(), TransformBlocks::kBlocks);
    }
    *color_image++ = index;
    *color_first++ = passes_.num_color_blocks;
    passes_.num_color_blocks += blocks_for(std::int64_t{plan.crop.height} * plan.crop.width,
                                           ColorPixels::kLanes * ColorPixels::kPixels);
  }
  *transform_first = passes_.num_transform_blocks;
  *color_first = passes_.num_color_blocks;
  const auto* device_images = on_gpu<GpuImage>(layout_.images);
  const auto* natural_order = on_gpu<std::uint8_t>(layout_.natural_order);
  passes_.num_spans = static_cast<std::int64_t>(layout_.num_spans);
  passes_.spans = {device_images, on_gpu<SpanTask>(layout_.spans), natural_order};
  passes_.num_scans = static_cast<int>(layout_.num_scans);
  passes_.scans = {device_images, on_gpu<std::int32_t>(layout_.scan_images),
                   reinterpret_cast<ScanPart*>(parts_.data()), natural_order};
  passes_.transform = {device_images, on_gpu<ComponentTask>(layout_.transform_tasks),
                       on_gpu<std::int32_t>(layout_.transform_first),
                       static_cast<int>(layout_.num_components)};
  passes_.color = {device_images, on_gpu<std::int32_t>(layout_.color_images),
                   on_gpu<std::int32_t>(layout_.color_first),
                   static_cast<int>(layout_.num_decoded)};
}

Status BatchDecoder::copy_decoded(const std::vector<const ImagePlan*>& plans, Stream stream) {
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (plans[i]->coding != PlannedCoding::kPixels) continue;
    const Section& section = layout_.of_image[i].pixels;
    FASTPASS_RETURN_IF_ERROR(device_->copy_to_device(pixels_[i].data, pinned<std::uint8_t>(section),
                                                     section.bytes, stream));
  }
  return {};
}

bool BatchDecoder::is_given_up(int image) const {
  return reinterpret_cast<const std::uint32_t*>(given_up_pinned_.data())[image] != 0;
}

Status BatchDecoder::replace(int image, const ImageView& pixels, Stream stream) {
  const ImageView& out = pixels_[static_cast<std::size_t>(image)];
  if (pixels.height != out.height || pixels.width != out.width) {
    return {Fault::kBadArgument, "pixels of another size than those they replace"};
  }
  const auto row_bytes = static_cast<std::size_t>(3 * out.width);
  const std::size_t bytes = row_bytes * static_cast<std::size_t>(out.height);
  // Room for all images of the batch at once, because what is queued still reads its memory.
  std::size_t wanted = 0;
  for (const ImageView& view : pixels_) {
    wanted += 3 * static_cast<std::size_t>(view.height) * static_cast<std::size_t>(view.width);
  }
  if (replacement_used_ == 0) FASTPASS_RETURN_IF_ERROR(replacement_pinned_.reserve(wanted));
  std::uint8_t* copy = replacement_pinned_.data() + replacement_used_;
  replacement_used_ += bytes;
  for (int y = 0; y < out.height; ++y) {
    copy_bytes(copy + row_bytes * static_cast<std::size_t>(y), pixels.row(y), row_bytes);
  }
  return device_->copy_to_device(out.data, copy, bytes, stream);
}

std::size_t BatchDecoder::bytes_held() const {
  std::size_t sum = 0;
  for (const GrowingMemory* memory :
       {&upload_pinned_, &upload_, &coefficients_, &samples_, &own_pixels_, &parts_, &given_up_,
        &given_up_pinned_, &replacement_pinned_}) {
    sum += memory->capacity();
  }
  return sum;
}

}  // namespace fastpass
