#include "pack/beton_scan.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/quote.h"
#include "pack/label_text.h"
#include "pack/naming.h"

namespace fastpass {
namespace {

constexpr std::uint16_t kVersion = 2;
constexpr std::uint16_t kMostFields = 1024;
constexpr std::uint32_t kMostKeyBytes = 1 << 16;
constexpr std::uint64_t kRowsAtATime = 1 << 14;
constexpr std::size_t kFewExamples = 5;
// At the front of the arguments of our field: its name, and version 1.
constexpr std::uint8_t kOurMark[] = {'f', 'a', 's', 't', 'p', 'a', 's', 's', 1, 0, 0, 0};

struct BetonHeader {
  std::uint16_t version;
  std::uint16_t num_fields;
  std::uint32_t page_bytes;
  std::uint64_t num_samples;
  std::uint64_t allocations_offset;
};
static_assert(sizeof(BetonHeader) == 24, "FFCV says 24");

enum FieldKind : std::uint8_t {
  kFloat = 0,
  kInt = 1,
  kRgbImage = 2,
  kBytes = 3,
  kArray = 4,
  kJson = 5,
  kTensor = 6,
  kCustom = 255,
};

struct FieldDescription {
  std::uint8_t kind;
  char name[16];  // ended by a zero where it is shorter
  std::uint8_t arguments[1024];
};
static_assert(sizeof(FieldDescription) == 1041, "FFCV says 1041");

struct Allocation {
  std::uint64_t sample, offset, num_bytes;
};

#pragma pack(push, 1)
struct RgbRecord {
  std::uint8_t mode;  // 0: JPEG, 1: pixels
  std::uint16_t width, height;
  std::uint64_t offset;
};
// Ours: an allocation with the image, its seek index, its key and its JSON, in this order.
struct ImageRecord {
  std::uint64_t offset, image_bytes;
  std::uint32_t seek_bytes, key_bytes, json_bytes, zeros;
};
#pragma pack(pop)
static_assert(sizeof(RgbRecord) == 13 && sizeof(ImageRecord) == 32, "docs/format.md");

// Where a field lies in the record of a sample.
struct Field {
  std::string name;
  FieldKind kind;
  bool is_ours;
  std::size_t offset;
};

std::size_t bytes_of(const FieldDescription& field) {
  switch (field.kind) {
    case kRgbImage:
      return sizeof(RgbRecord);
    case kBytes:
    case kJson:
      return 16;
    case kCustom:
      return sizeof(ImageRecord);
    default:
      return 8;
  }
}

// As NumPy aligns them: numbers to their size, records of several to nothing.
std::size_t alignment_of(const FieldDescription& field) { return bytes_of(field) == 8 ? 8 : 1; }

bool is_inside(std::uint64_t offset, std::uint64_t num_bytes, std::uint64_t limit) {
  return offset <= limit && num_bytes <= limit - offset;
}

template <typename Record>
Record record_at(const std::uint8_t* bytes) {
  Record record;
  std::memcpy(&record, bytes, sizeof(record));
  return record;
}

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
  Status read_rows();
  Status add(std::uint64_t row, const std::uint8_t* record);
  Status add_ours(std::uint64_t row, const ImageRecord& record, SampleEntry* sample) const;
  Status add_rgb(std::uint64_t row, const RgbRecord& record, SampleEntry* sample) const;
  void leave_out_pixels(std::uint64_t row);
  std::uint64_t offset_of_row(std::uint64_t row) const { return rows_at_ + row * row_bytes_; }

  const File& file_;
  const ReadingOptions& options_;
  Contents* const contents_;
  std::uint64_t file_bytes_ = 0;
  BetonHeader header_ = {};
  std::vector<Field> fields_;
  const Field* image_ = nullptr;
  const Field* label_ = nullptr;
  std::uint64_t rows_at_ = 0, row_bytes_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> allocations_;  // offset, bytes; ascending
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
  if (header_.num_samples == 0) return bad("it has no samples", 8);
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
  if (image_->is_ours) return Status();  // its records say how long images are
  std::vector<Allocation> table(count);
  FASTPASS_RETURN_IF_ERROR(file_.read(at, table.data(), count * sizeof(Allocation)));
  for (const Allocation& allocation : table) {
    allocations_.emplace_back(allocation.offset, allocation.num_bytes);
  }
  std::sort(allocations_.begin(), allocations_.end());
  return Status();
}

Status BetonScan::read_rows() {
  std::vector<std::uint8_t> rows(std::min(kRowsAtATime, header_.num_samples) * row_bytes_);
  for (std::uint64_t begin = 0; begin < header_.num_samples; begin += kRowsAtATime) {
    const std::uint64_t count = std::min(kRowsAtATime, header_.num_samples - begin);
    FASTPASS_RETURN_IF_ERROR(file_.read(offset_of_row(begin), rows.data(), count * row_bytes_));
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
    sample.label = std::max(std::int64_t{-1}, record_at<std::int64_t>(record + label_->offset));
    if (sample.label > kLargestLabel) {
      return bad("row " + std::to_string(row) + " has the label " + std::to_string(sample.label),
                 offset_of_row(row) + label_->offset);
    }
  }
  contents_->samples.push_back(std::move(sample));
  return Status();
}

Status BetonScan::add_ours(std::uint64_t row, const ImageRecord& record,
                           SampleEntry* sample) const {
  const std::uint64_t behind =
      std::uint64_t{record.seek_bytes} + record.key_bytes + record.json_bytes;
  const std::uint64_t limit = header_.allocations_offset;
  if (record.offset < offset_of_row(header_.num_samples) ||
      !is_inside(record.offset, record.image_bytes, limit) ||
      !is_inside(record.offset + record.image_bytes, behind, limit) ||
      record.key_bytes > kMostKeyBytes) {
    return bad("row " + std::to_string(row) + " points outside of the images", offset_of_row(row));
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
  const auto found = std::lower_bound(allocations_.begin(), allocations_.end(),
                                      std::make_pair(record.offset, std::uint64_t{0}));
  if (found == allocations_.end() || found->first != record.offset ||
      record.offset < offset_of_row(header_.num_samples) ||
      !is_inside(record.offset, found->second, header_.allocations_offset)) {
    return bad("row " + std::to_string(row) + " points to no image", offset_of_row(row));
  }
  sample->image_offset = record.offset;
  sample->image_bytes = found->second;
  return Status();
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
  if (!contents_->samples.empty()) return Status();
  return Status(Fault::kBadPack,
                quoted(file_.path()) +
                    ": all images are stored as pixels (RGBImageField in raw mode), so nothing is "
                    "left to decode: write it with write_mode='jpg', or from the original files "
                    "with `fastpass pack --to beton`");
}

}  // namespace

bool is_beton(const File& file) {
  if (extension_of(file.path()) == "beton") return true;
  BetonHeader header;
  if (!file.read(0, &header, sizeof(header)).ok()) return false;
  const bool is_power_of_2 = (header.page_bytes & (header.page_bytes - 1)) == 0;
  return header.version == kVersion && header.num_fields > 0 && header.num_fields <= kMostFields &&
         header.page_bytes >= (1u << 21) && is_power_of_2;
}

Status scan_beton(const File& file, const ReadingOptions& options, Contents* contents) {
  return BetonScan(file, options, contents).run();
}

}  // namespace fastpass
