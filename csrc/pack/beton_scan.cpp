#include "pack/beton_scan.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/crc32.h"
#include "common/quote.h"
#include "pack/beton_format.h"
#include "pack/label_text.h"
#include "pack/naming.h"

namespace fastpass {
namespace {

using namespace beton;

constexpr std::uint64_t kAtATime = 1 << 20;  // bytes of rows, at least one
constexpr std::uint64_t kAllocationsAtATime = 1 << 14;
constexpr std::size_t kFewExamples = 5;

class BetonScan {
 public:
  BetonScan(const File& file, const ReadingOptions& options, Contents* contents)
      : file_(file), options_(options), contents_(contents) {}
  Status run();

 private:
  Status bad(const std::string& reason, std::uint64_t offset) const {
    return Status(Fault::kBadPack, quoted(file_.path()) + ": " + reason,
                  static_cast<std::int64_t>(offset));
  }
  Status cut_short(const std::string& what, std::uint64_t offset) const {
    return bad("the file ends inside of its " + what + ": it was cut off", offset);
  }
  Status read_header();
  Status read_fields();
  Status choose_fields();
  Status read_allocations();
  Status add_allocation(const Allocation& allocation, std::uint64_t at);
  Status read_rows();
  Status check_tables() const;
  Status add(std::uint64_t row, const std::uint8_t* record);
  Status set_label(std::uint64_t row, std::int64_t label, SampleEntry* sample) const;
  const Allocation* allocation_of(std::uint64_t row, std::uint64_t offset) const;
  Status add_ours(std::uint64_t row, const ImageRecord& record, SampleEntry* sample) const;
  Status add_rgb(std::uint64_t row, const RgbRecord& record, SampleEntry* sample) const;
  void leave_out_pixels(std::uint64_t row);
  std::uint64_t offset_of_row(std::uint64_t row) const { return rows_at_ + row * row_bytes_; }
  std::uint64_t rows_end() const { return offset_of_row(header_.num_samples); }

  const File& file_;
  const ReadingOptions& options_;
  Contents* const contents_;
  std::uint64_t file_bytes_ = 0;
  BetonHeader header_ = {};
  std::vector<Field> fields_;
  const Field* image_ = nullptr;
  const Field* label_ = nullptr;
  std::uint64_t rows_at_ = 0, row_bytes_ = 0;
  std::vector<Allocation> allocations_;  // sorted
  std::uint32_t checksum_ = 0;           // of what was read, in the order of the file
  OurArguments ours_ = {};
  std::uint64_t ours_at_ = 0;
};

Status BetonScan::read_header() {
  FileState state;
  FASTPASS_RETURN_IF_ERROR(file_.read_state(&state));
  file_bytes_ = state.num_bytes;
  if (file_bytes_ < sizeof(header_)) return cut_short("header", file_bytes_);
  FASTPASS_RETURN_IF_ERROR(file_.read(0, &header_, sizeof(header_)));
  if (header_.version != kVersion) {
    return bad("no FFCV file of version 2: its first bytes say " + std::to_string(header_.version),
               0);
  }
  if (header_.num_fields == 0 || header_.num_fields > kMostFields) {
    return bad("a damaged header: " + std::to_string(header_.num_fields) + " fields", 2);
  }
  if (header_.page_bytes < kSmallestPage || (header_.page_bytes & (header_.page_bytes - 1)) != 0) {
    return bad("a damaged header: pages of " + std::to_string(header_.page_bytes) +
                   " bytes, wanted a power of 2 from 2 MiB on",
               4);
  }
  if (header_.num_samples == 0) return bad("it has no samples", 8);
  checksum_ = crc32({reinterpret_cast<const std::uint8_t*>(&header_), sizeof(header_)});
  return Status();
}

Status BetonScan::read_fields() {
  const std::uint64_t fields_at = sizeof(BetonHeader);
  rows_at_ = fields_at + std::uint64_t{header_.num_fields} * sizeof(FieldDescription);
  if (rows_at_ > file_bytes_) return cut_short("table of fields", file_bytes_);
  std::size_t end = 0, alignment = 1;
  for (std::uint64_t i = 0; i < header_.num_fields; ++i) {
    const std::uint64_t at = fields_at + i * sizeof(FieldDescription);
    FieldDescription field;
    FASTPASS_RETURN_IF_ERROR(file_.read(at, &field, sizeof(field)));
    const std::string name(field.name, strnlen(field.name, sizeof(field.name)));
    const bool is_ours =
        field.kind == kCustom && std::memcmp(field.arguments, kOurMark, sizeof(kOurMark)) == 0;
    if (field.kind > kTensor && !is_ours) {
      return bad("the field " + quoted(name) + " is of a kind that only its author's code reads",
                 at);
    }
    if (is_ours) {
      std::memcpy(&ours_, field.arguments, sizeof(ours_));
      ours_at_ = at + offsetof(FieldDescription, arguments);
      std::memset(field.arguments + offsetof(OurArguments, checksum), 0, sizeof(ours_.checksum));
    }
    checksum_ = crc32({reinterpret_cast<const std::uint8_t*>(&field), sizeof(field)}, checksum_);
    end = (end + alignment_of(field) - 1) / alignment_of(field) * alignment_of(field);
    fields_.push_back({name, static_cast<FieldKind>(field.kind), is_ours, end});
    end += bytes_of(field);
    alignment = std::max(alignment, alignment_of(field));
  }
  row_bytes_ = (end + alignment - 1) / alignment * alignment;
  const std::uint64_t most_rows = (file_bytes_ - rows_at_) / row_bytes_;
  return header_.num_samples <= most_rows ? Status() : cut_short("table of samples", file_bytes_);
}

Status BetonScan::choose_fields() {
  std::vector<const Field*> images;
  for (const Field& field : fields_) {
    if (field.is_ours || field.kind == kRgbImage) images.push_back(&field);
    if (field.kind == kInt && field.name == "label") label_ = &field;
  }
  for (const Field* field : images) {
    if (images.size() == 1 || field->name == "image") image_ = field;
  }
  if (images.empty()) return bad("none of its fields holds images", sizeof(BetonHeader));
  if (image_ != nullptr) return Status();
  return bad(std::to_string(images.size()) +
                 " of its fields hold images, and none is called "
                 "'image'",
             sizeof(BetonHeader));
}

Status BetonScan::read_allocations() {
  const std::uint64_t at = header_.allocations_offset;
  if (at < rows_at_ || at >= file_bytes_) {
    return cut_short("images, before the table of where they are", file_bytes_);
  }
  const std::uint64_t count = (file_bytes_ - at) / sizeof(Allocation);
  if ((file_bytes_ - at) % sizeof(Allocation) != 0 || count < header_.num_samples) {
    return cut_short("table of allocations", file_bytes_);
  }
  std::vector<Allocation> table(std::min(kAllocationsAtATime, count));
  for (std::uint64_t begin = 0; begin < count; begin += kAllocationsAtATime) {
    const std::uint64_t now = std::min(kAllocationsAtATime, count - begin);
    const std::uint64_t table_at = at + begin * sizeof(Allocation);
    FASTPASS_RETURN_IF_ERROR(file_.read(table_at, table.data(), now * sizeof(Allocation)));
    for (std::uint64_t i = 0; i < now; ++i) {
      FASTPASS_RETURN_IF_ERROR(add_allocation(table[i], table_at + i * sizeof(Allocation)));
    }
  }
  std::sort(allocations_.begin(), allocations_.end());
  std::uint64_t end = 0;
  for (const Allocation& allocation : allocations_) {
    if (allocation.offset < end) {
      return bad("its table of allocations is damaged: that of row " +
                     std::to_string(allocation.sample) + " begins inside of another, at byte " +
                     std::to_string(allocation.offset),
                 at);
    }
    end = allocation.offset + allocation.num_bytes;
  }
  return Status();
}

// What is kept is sound, so a lying count ends at the first bytes that are no allocation.
Status BetonScan::add_allocation(const Allocation& allocation, std::uint64_t at) {
  if (allocation.sample >= header_.num_samples || allocation.offset < rows_end() ||
      !is_inside(allocation.offset, allocation.num_bytes, header_.allocations_offset)) {
    return bad("its table of allocations is damaged: row " + std::to_string(allocation.sample) +
                   " of " + std::to_string(header_.num_samples) + " has " +
                   std::to_string(allocation.num_bytes) + " bytes from byte " +
                   std::to_string(allocation.offset) + " on",
               at);
  }
  allocations_.push_back(allocation);
  return Status();
}

Status BetonScan::read_rows() {
  const std::uint64_t most = std::max(std::uint64_t{1}, kAtATime / row_bytes_);
  std::vector<std::uint8_t> rows(std::min(most, header_.num_samples) * row_bytes_);
  for (std::uint64_t begin = 0; begin < header_.num_samples; begin += most) {
    const std::uint64_t count = std::min(most, header_.num_samples - begin);
    FASTPASS_RETURN_IF_ERROR(file_.read(offset_of_row(begin), rows.data(), count * row_bytes_));
    checksum_ = crc32({rows.data(), count * row_bytes_}, checksum_);
    for (std::uint64_t i = 0; i < count; ++i) {
      FASTPASS_RETURN_IF_ERROR(add(begin + i, rows.data() + i * row_bytes_));
    }
  }
  return Status();
}

Status BetonScan::add(std::uint64_t row, const std::uint8_t* record) {
  SampleEntry sample;
  if (image_->is_ours) {
    const auto ours = record_at<ImageRecord>(record + image_->offset);
    FASTPASS_RETURN_IF_ERROR(add_ours(row, ours, &sample));
  } else {
    const auto rgb = record_at<RgbRecord>(record + image_->offset);
    if (rgb.mode > 1) {
      return bad("row " + std::to_string(row) + " has the mode " + std::to_string(rgb.mode) +
                     ", wanted 0 (JPEG) or 1 (pixels)",
                 offset_of_row(row) + image_->offset);
    }
    if (rgb.mode != 0) {
      leave_out_pixels(row);
      return Status();
    }
    FASTPASS_RETURN_IF_ERROR(add_rgb(row, rgb, &sample));
  }
  if (sample.path.empty()) sample.path = beton_key(static_cast<std::int64_t>(row));
  sample.key_bytes = sample.path.size();
  if (label_ != nullptr && options_.label_field != "") {
    const auto label = record_at<std::int64_t>(record + label_->offset);
    FASTPASS_RETURN_IF_ERROR(set_label(row, label, &sample));
  }
  contents_->samples.push_back(std::move(sample));
  return Status();
}

Status BetonScan::set_label(std::uint64_t row, std::int64_t label, SampleEntry* sample) const {
  sample->label = label;
  if (label >= -1 && label <= kLargestLabel) return Status();
  return bad("the sample " + quoted(sample->path) + " (row " + std::to_string(row) +
                 ") has the label " + std::to_string(label) +
                 ", wanted 0 or more, or -1 for none; label=\"none\" leaves all labels out",
             offset_of_row(row) + label_->offset);
}

// nullptr where nothing of this row begins there. FFCV's writer lets empty ones share an offset.
const Allocation* BetonScan::allocation_of(std::uint64_t row, std::uint64_t offset) const {
  const Allocation largest = {row, offset, ~std::uint64_t{0}};
  const auto behind = std::upper_bound(allocations_.begin(), allocations_.end(), largest);
  if (behind == allocations_.begin()) return nullptr;
  const Allocation& last = *(behind - 1);
  return last.sample == row && last.offset == offset ? &last : nullptr;
}

Status BetonScan::add_ours(std::uint64_t row, const ImageRecord& record,
                           SampleEntry* sample) const {
  const Allocation* allocation = allocation_of(row, record.offset);
  const std::uint64_t behind =
      std::uint64_t{record.seek_bytes} + record.key_bytes + record.json_bytes;
  if (allocation == nullptr || behind > allocation->num_bytes ||
      record.image_bytes != allocation->num_bytes - behind || record.key_bytes > kMostKeyBytes) {
    return bad("row " + std::to_string(row) + " and the table of allocations disagree",
               offset_of_row(row) + image_->offset);
  }
  sample->image_offset = record.offset;
  sample->image_bytes = record.image_bytes;
  sample->path.resize(record.key_bytes);
  const std::uint64_t key_at = record.offset + record.image_bytes + record.seek_bytes;
  sample->metadata_offset = key_at + record.key_bytes;
  sample->metadata_bytes = record.json_bytes;
  return file_.read(key_at, sample->path.data(), record.key_bytes);
}

Status BetonScan::add_rgb(std::uint64_t row, const RgbRecord& record, SampleEntry* sample) const {
  const Allocation* allocation = allocation_of(row, record.offset);
  if (allocation == nullptr) {
    return bad("row " + std::to_string(row) + " points to no image",
               offset_of_row(row) + image_->offset);
  }
  sample->image_offset = record.offset;
  sample->image_bytes = allocation->num_bytes;
  return Status();
}

// The names of classes are covered as well; Python reads them.
Status BetonScan::check_tables() const {
  const bool has_names = ours_.names_bytes > 0;
  if (ours_.names_bytes > kMostNamesBytes || (has_names && ours_.names_offset < rows_end()) ||
      !is_inside(ours_.names_offset, ours_.names_bytes, header_.allocations_offset)) {
    return bad("damaged: the names of its classes would lie outside of it",
               ours_at_ + offsetof(OurArguments, names_offset));
  }
  if (ours_.checksum == 0) return Status();
  std::vector<std::uint8_t> names(ours_.names_bytes);
  FASTPASS_RETURN_IF_ERROR(file_.read(ours_.names_offset, names.data(), names.size()));
  if (crc32({names.data(), names.size()}, checksum_) == ours_.checksum) return Status();
  return bad("damaged: its tables do not have the checksum that was stored with them",
             ours_at_ + offsetof(OurArguments, checksum));
}

void BetonScan::leave_out_pixels(std::uint64_t row) {
  if (contents_->left_out.empty()) contents_->left_out.push_back({"image stored as pixels", 0, {}});
  LeftOut& pixels = contents_->left_out.front();
  ++pixels.count;
  ++contents_->num_ignored;
  if (options_.lists_left_out || pixels.examples.size() < kFewExamples) {
    pixels.examples.push_back(beton_key(static_cast<std::int64_t>(row)));
  }
}

Status BetonScan::run() {
  *contents_ = Contents();
  contents_->layout = Layout::kBeton;
  const bool has_options = options_.layout || options_.key_rule != KeyRule::kByLayout ||
                           !options_.image_fields.empty() ||
                           (options_.label_field && !options_.label_field->empty());
  if (has_options) {
    return Status(Fault::kBadArgument,
                  quoted(file_.path()) +
                      ": a .beton says itself what is in it: leave out layout=, image=, keys= and "
                      "label= (but label=\"none\")");
  }
  FASTPASS_RETURN_IF_ERROR(read_header());
  FASTPASS_RETURN_IF_ERROR(read_fields());
  FASTPASS_RETURN_IF_ERROR(choose_fields());
  FASTPASS_RETURN_IF_ERROR(read_allocations());
  FASTPASS_RETURN_IF_ERROR(read_rows());
  FASTPASS_RETURN_IF_ERROR(check_tables());
  if (!contents_->samples.empty()) return Status();
  return Status(Fault::kBadPack,
                quoted(file_.path()) +
                    ": all images are stored as pixels (RGBImageField in raw mode), so nothing is "
                    "left to decode: write it with write_mode='jpg', or from the original files "
                    "with `fastpass pack --to beton`");
}

}  // namespace

bool is_beton(const File& file) {
  using namespace beton;
  if (extension_of(file.path()) == "beton") return true;
  BetonHeader header;
  if (!file.read(0, &header, sizeof(header)).ok()) return false;
  const bool is_power_of_2 = (header.page_bytes & (header.page_bytes - 1)) == 0;
  return header.version == kVersion && header.num_fields > 0 && header.num_fields <= kMostFields &&
         header.page_bytes >= kSmallestPage && is_power_of_2;
}

Status scan_beton(const File& file, const ReadingOptions& options, Contents* contents) {
  return BetonScan(file, options, contents).run();
}

}  // namespace fastpass
