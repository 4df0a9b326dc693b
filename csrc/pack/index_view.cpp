#include "pack/index_view.h"

#include <cstring>

#include "common/quote.h"
#include "common/xxhash64.h"
#include "pack/label_text.h"
#include "pack/naming.h"
#include "pack/reading_section.h"

namespace fastpass {
namespace {

constexpr std::size_t kChecksumBytes = 8;

std::uint64_t load_u64(const std::uint8_t* bytes) { return xxh64::load<std::uint64_t>(bytes); }

// Is [offset, offset + num_bytes) inside [0, limit)? Never overflows.
bool is_inside(std::uint64_t offset, std::uint64_t num_bytes, std::uint64_t limit) {
  return offset <= limit && num_bytes <= limit - offset;
}

}  // namespace

std::string rebuild_advice(const std::string& tar_path) {
  return "run `fastpass index " + printable(tar_path) +
         "` again, or read without the index: index=\"ignore\"";
}

Status IndexView::bad(const std::string& reason, std::int64_t offset) const {
  return Status(Fault::kBadPack, quoted(path_) + ": " + reason + "; " + rebuild_advice(tar_path_),
                offset);
}

Status IndexView::check_header(Span bytes) const {
  if (bytes.size < sizeof(IndexHeader) + kChecksumBytes) {
    return bad("damaged index: only " + std::to_string(bytes.size) + " bytes");
  }
  if (std::memcmp(header_->magic, kIndexMagic, sizeof(header_->magic)) != 0) {
    return bad("no fastpass index: it begins with other bytes, so move it away", 0);
  }
  if (header_->version != kIndexVersion) {
    return bad("index of version " + std::to_string(header_->version) + ", this fastpass reads " +
                   std::to_string(kIndexVersion),
               8);
  }
  if (header_->file_bytes != bytes.size) {
    return bad("damaged index: it says " + std::to_string(header_->file_bytes) + " bytes and has " +
                   std::to_string(bytes.size),
               16);
  }
  const std::size_t checksum_at = bytes.size - kChecksumBytes;
  if (xxhash64(Span{bytes.data, checksum_at}) != load_u64(bytes.data + checksum_at)) {
    return bad("damaged index: wrong checksum", static_cast<std::int64_t>(checksum_at));
  }
  const std::uint64_t table_bytes = header_->num_sections * std::uint64_t{sizeof(IndexSection)};
  const std::uint32_t layout = header_->layout;
  if (header_->header_bytes != sizeof(IndexHeader) || layout < 1 || layout > 5 ||
      !is_inside(sizeof(IndexHeader), table_bytes, checksum_at)) {
    return bad("damaged index: impossible header");
  }
  return Status();
}

Status IndexView::read_sections(Span bytes) {
  const std::uint64_t limit = bytes.size - kChecksumBytes;
  Span known[kHeicSection + 1];
  for (std::uint32_t i = 0; i < header_->num_sections; ++i) {
    const std::size_t at = sizeof(IndexHeader) + i * sizeof(IndexSection);
    IndexSection section;
    std::memcpy(&section, bytes.data + at, sizeof(section));
    const bool is_known = (section.id >= kRecordsSection && section.id <= kSeekIndexSection) ||
                          section.id == kReadingSection || section.id == kHeicSection;
    if (section.offset % 8 != 0 || !is_inside(section.offset, section.num_bytes, limit) ||
        (is_known && known[section.id].data != nullptr)) {
      return bad("damaged index: impossible section", static_cast<std::int64_t>(at));
    }
    if (!is_known && (section.flags & kSectionIsRequired) != 0) {
      return bad("the index needs section " + std::to_string(section.id) +
                     ", which this fastpass does not know",
                 static_cast<std::int64_t>(at));
    }
    if (is_known) known[section.id] = {bytes.data + section.offset, section.num_bytes};
  }
  const Span records = known[kRecordsSection], keys = known[kKeysSection];
  const Span names = known[kClassNamesSection];
  if (records.data == nullptr || keys.data == nullptr || records.size % sizeof(IndexRecord) != 0 ||
      records.size / sizeof(IndexRecord) != header_->num_samples ||
      (names.size > 0 && names.data[names.size - 1] != 0)) {
    return bad("damaged index: missing or incomplete section");
  }
  records_ = reinterpret_cast<const IndexRecord*>(records.data);
  seek_section_ = known[kSeekIndexSection];
  const Span reading = known[kReadingSection];
  if (reading.data != nullptr && !parse_reading_section(reading, &rules_, &left_out_)) {
    return bad("damaged index: impossible list of files that are no samples");
  }
  FASTPASS_RETURN_IF_ERROR(read_heic_section(known[kHeicSection]));
  keys_ = {reinterpret_cast<const char*>(keys.data), keys.size};
  for (std::size_t at = 0; at < names.size; at += class_names_.back().size() + 1) {
    class_names_.emplace_back(reinterpret_cast<const char*>(names.data + at));
  }
  return Status();
}

Status IndexView::read_heic_section(Span section) {
  std::uint64_t least = 0;
  for (std::size_t at = 0; at + sizeof(least) <= section.size; at += sizeof(least)) {
    const std::uint64_t position = load_u64(section.data + at);
    if (position < least || position >= header_->num_samples) {
      return bad("damaged index: impossible list of HEIC images");
    }
    heic_positions_.push_back(position);
    least = position + 1;
  }
  return Status();
}

// nullptr where the record is sound.
const char* IndexView::fault_of(const IndexRecord& record) const {
  const std::uint64_t tar_bytes = header_->tar_bytes;
  if (!is_inside(record.image_offset, record.image_bytes, tar_bytes) ||
      record.image_offset < kTarBlockBytes) {
    return "the image lies outside of its file";
  }
  if (!is_inside(record.metadata_offset, record.metadata_bytes, tar_bytes)) {
    return "the metadata lie outside of their file";
  }
  if (!is_inside(record.key_offset, record.key_bytes, keys_.size())) {
    return "the key lies outside its section";
  }
  if (record.sample_id != sample_id_of(keys_.substr(record.key_offset, record.key_bytes))) {
    return "the sample id does not belong to the key";
  }
  const bool has_classes = !class_names_.empty();
  if (record.label < -1 || record.label > kLargestLabel ||
      (has_classes && record.label >= static_cast<std::int64_t>(class_names_.size()))) {
    return "the label is outside its range";
  }
  if (record.format > static_cast<int>(kLastImageFormat) || record.width > 0x7FFFFFFFu ||
      record.height > 0x7FFFFFFFu || record.is_progressive > 1 || record.exif_orientation > 8 ||
      record.subsampling > static_cast<int>(Subsampling::kOther)) {
    return "the image header is impossible";
  }
  return nullptr;
}

Status IndexView::check_records() const {
  for (std::int64_t i = 0; i < size(); ++i) {
    const char* fault = fault_of(records_[i]);
    if (fault != nullptr) {
      return bad("damaged index: record " + std::to_string(i) + ": " + fault);
    }
  }
  return Status();
}

// Offsets in the order of the samples, from behind the table to the end of the section.
Status IndexView::check_seek_section() const {
  if (seek_section_.data == nullptr) return Status();
  const std::uint64_t num_offsets = header_->num_samples + 1;
  const std::uint64_t table_bytes = num_offsets * sizeof(std::uint64_t);
  if (seek_section_.size < table_bytes) {
    return bad("damaged index: missing or incomplete section");
  }
  std::uint64_t expected = table_bytes;  // the first one exactly, the others not before it
  for (std::uint64_t i = 0; i < num_offsets; ++i) {
    const std::uint64_t offset = load_u64(seek_section_.data + i * sizeof(offset));
    const bool is_sound = i == 0 ? offset == expected : offset >= expected;
    if (!is_sound) {
      return bad("damaged index: offset " + std::to_string(i) + " of the seek indexes is " +
                 std::to_string(offset) + ", wanted at least " + std::to_string(expected));
    }
    expected = offset;
  }
  if (expected == seek_section_.size) return Status();
  return bad("damaged index: the seek indexes end at byte " + std::to_string(expected) +
             " of their section, which has " + std::to_string(seek_section_.size));
}

Span IndexView::seek_index(std::int64_t position) const {
  if (seek_section_.data == nullptr) return Span();
  const std::uint8_t* offsets = seek_section_.data + position * sizeof(std::uint64_t);
  const std::uint64_t begin = load_u64(offsets), end = load_u64(offsets + sizeof(begin));
  return begin == end ? Span() : Span{seek_section_.data + begin, end - begin};
}

Status IndexView::parse(Span bytes, const std::string& index_path, const std::string& tar_path) {
  path_ = index_path;
  tar_path_ = tar_path;
  class_names_.clear();
  rules_ = 0;
  left_out_.clear();
  heic_positions_.clear();
  header_ = reinterpret_cast<const IndexHeader*>(bytes.data);
  FASTPASS_RETURN_IF_ERROR(check_header(bytes));
  FASTPASS_RETURN_IF_ERROR(read_sections(bytes));
  FASTPASS_RETURN_IF_ERROR(check_seek_section());
  return check_records();
}

// Without a section, all rules are the same: see make_reading_section().
bool IndexView::is_by_todays_rules() const {
  if (rules_ == kReadingRules) return true;
  if (rules_ != 0 || header_->num_ignored != 0) return false;
  if (layout() == Layout::kPass) return true;
  bool has_labels = false;
  for (std::int64_t i = 0; i < size() && !has_labels; ++i) has_labels = records_[i].label >= 0;
  return layout() == Layout::kWebDataset && has_labels;
}

ImageInfo IndexView::info(std::int64_t position) const {
  const IndexRecord& record = records_[position];
  ImageInfo info;
  if (record.format == 0) return info;
  info.format = static_cast<ImageFormat>(record.format);
  info.width = static_cast<std::int32_t>(record.width);
  info.height = static_cast<std::int32_t>(record.height);
  info.num_components = record.num_components;
  info.subsampling = static_cast<Subsampling>(record.subsampling);
  info.is_progressive = record.is_progressive != 0;
  info.exif_orientation = record.exif_orientation;
  return info;
}

}  // namespace fastpass
