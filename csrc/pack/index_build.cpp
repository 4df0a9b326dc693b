#include "pack/index_build.h"

#include <algorithm>
#include <cstring>

#include "common/quote.h"
#include "common/xxhash64.h"
#include "pack/beton_scan.h"
#include "pack/naming.h"
#include "pack/reading_section.h"
#include "pack/tar_scan.h"

namespace fastpass {
namespace {

void append(std::vector<std::uint8_t>* to, const void* from, std::size_t num_bytes) {
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  to->insert(to->end(), bytes, bytes + num_bytes);
}

struct SectionContent {
  SectionId id;
  std::uint32_t flags;
  std::vector<std::uint8_t> bytes;
};

IndexRecord record_of(const SampleEntry& sample, std::uint64_t key_offset) {
  IndexRecord record = {};
  record.sample_id = sample_id_of(sample.key());
  record.image_offset = sample.image_offset;
  record.image_bytes = sample.image_bytes;
  record.label = sample.label;
  record.metadata_offset = sample.metadata_offset;
  record.metadata_bytes = sample.metadata_bytes;
  record.key_offset = key_offset;
  record.key_bytes = static_cast<std::uint32_t>(sample.key_bytes);
  // Readers of the first version know no other formats, and refuse an index that has some.
  const ImageFormat format = sample.info.format;
  const bool is_known =
      format == ImageFormat::kJpeg || format == ImageFormat::kPng || format == ImageFormat::kWebp;
  if (!is_known) return record;
  record.width = static_cast<std::uint32_t>(sample.info.width);
  record.height = static_cast<std::uint32_t>(sample.info.height);
  record.format = static_cast<std::uint8_t>(sample.info.format);
  record.num_components = static_cast<std::uint8_t>(sample.info.num_components);
  record.subsampling = static_cast<std::uint8_t>(sample.info.subsampling);
  record.is_progressive = sample.info.is_progressive;
  record.exif_orientation = sample.info.exif_orientation;
  return record;
}

std::vector<SectionContent> make_sections(const Contents& contents) {
  SectionContent records{kRecordsSection, kSectionIsRequired, {}};
  SectionContent keys{kKeysSection, kSectionIsRequired, {}};
  records.bytes.reserve(contents.samples.size() * sizeof(IndexRecord));
  for (const SampleEntry& sample : contents.samples) {
    const IndexRecord record = record_of(sample, keys.bytes.size());
    append(&records.bytes, &record, sizeof(record));
    append(&keys.bytes, sample.key().data(), sample.key_bytes);
  }
  std::vector<SectionContent> sections;
  sections.push_back(std::move(records));
  sections.push_back(std::move(keys));
  if (!contents.class_names.empty()) {
    SectionContent names{kClassNamesSection, kSectionIsRequired, {}};
    for (const std::string& name : contents.class_names) {
      append(&names.bytes, name.c_str(), name.size() + 1);
    }
    sections.push_back(std::move(names));
  }
  SectionContent reading{kReadingSection, 0, make_reading_section(contents)};
  if (!reading.bytes.empty()) sections.push_back(std::move(reading));
  SectionContent heic{kHeicSection, 0, {}};
  for (const std::uint64_t position : heic_positions(contents)) {
    append(&heic.bytes, &position, sizeof(position));
  }
  if (!heic.bytes.empty()) sections.push_back(std::move(heic));
  return sections;
}

std::size_t padded(std::size_t num_bytes) { return (num_bytes + 7) / 8 * 8; }

// Returns how many headers could not be read.
std::int64_t probe_all(Span tar, const HeaderProbe& probe, std::vector<SampleEntry>* samples) {
  std::int64_t num_unreadable = 0;
  for (SampleEntry& sample : *samples) {
    ImageInfo info;
    const Status status = probe({tar.data + sample.image_offset, sample.image_bytes}, &info);
    if (status.ok()) {
      sample.info = info;
    } else {
      ++num_unreadable;  // its format stays kUnknown
    }
  }
  return num_unreadable;
}

Status changed_meanwhile(const std::string& tar_path) {
  return Status(Fault::kStalePack, quoted(tar_path) +
                                       ": changed while it was read; run `fastpass index " +
                                       printable(tar_path) + "` again");
}

}  // namespace

std::string index_path_of(const std::string& tar_path) { return tar_path + ".fpi"; }

Status tar_fingerprint(const File& tar, std::int64_t num_samples,
                       const std::function<std::uint64_t(std::int64_t)>& image_offset_of,
                       std::uint64_t* fingerprint) {
  const std::int64_t count = std::min<std::int64_t>(num_samples, 64);
  std::vector<std::uint8_t> headers(static_cast<std::size_t>(count) * kTarBlockBytes);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t position = count == 1 ? 0 : i * (num_samples - 1) / (count - 1);
    FASTPASS_RETURN_IF_ERROR(tar.read(image_offset_of(position) - kTarBlockBytes,
                                      headers.data() + i * kTarBlockBytes, kTarBlockBytes));
  }
  *fingerprint = xxhash64(Span{headers.data(), headers.size()});
  return Status();
}

std::vector<std::uint8_t> serialize_index(const Contents& contents, const FileState& tar_state,
                                          std::uint64_t fingerprint,
                                          std::vector<std::uint8_t> seek_section) {
  std::vector<SectionContent> sections = make_sections(contents);
  if (!seek_section.empty()) {
    sections.push_back({kSeekIndexSection, 0, std::move(seek_section)});
  }
  std::vector<IndexSection> table;
  std::size_t at = sizeof(IndexHeader) + sections.size() * sizeof(IndexSection);
  for (const SectionContent& section : sections) {
    table.push_back({section.id, section.flags, at, section.bytes.size()});
    at += padded(section.bytes.size());
  }
  IndexHeader header = {};
  std::memcpy(header.magic, kIndexMagic, sizeof(header.magic));
  header.version = kIndexVersion;
  header.header_bytes = sizeof(IndexHeader);
  header.file_bytes = at + sizeof(std::uint64_t);
  header.tar_bytes = tar_state.num_bytes;
  header.tar_mtime_ns = tar_state.mtime_ns;
  header.tar_fingerprint = fingerprint;
  header.num_samples = contents.samples.size();
  header.num_ignored = contents.num_ignored;
  header.layout = static_cast<std::uint32_t>(contents.layout);
  header.num_sections = static_cast<std::uint32_t>(sections.size());

  std::vector<std::uint8_t> index;
  index.reserve(header.file_bytes);
  append(&index, &header, sizeof(header));
  append(&index, table.data(), table.size() * sizeof(IndexSection));
  for (SectionContent& section : sections) {
    append(&index, section.bytes.data(), section.bytes.size());
    index.resize(padded(index.size()));
    section.bytes = {};  // seek indexes take 2 % of the tar: not twice for longer than needed
  }
  const std::uint64_t checksum = xxhash64(Span{index.data(), index.size()});
  append(&index, &checksum, sizeof(checksum));
  return index;
}

namespace {

Status read_contents(const File& tar, const ReadingOptions& options, Contents* contents) {
  if (is_beton(tar)) return scan_beton(tar, options, contents);
  std::vector<Member> members;
  FASTPASS_RETURN_IF_ERROR(tar_scan(tar, &members));
  Source source;
  source.path = tar.path();
  source.is_tar = true;
  source.read_text = [&tar](const Member& member, std::string* text) {
    text->resize(member.num_bytes);
    return tar.read(member.data_offset, text->data(), text->size());
  };
  return group_members(source, std::move(members), options, contents);
}

}  // namespace

Status build_index(const std::string& tar_path, const IndexOptions& options,
                   std::vector<std::uint8_t>* index, std::int64_t* num_unreadable) {
  File tar;
  FASTPASS_RETURN_IF_ERROR(tar.open(tar_path));
  FileState before, after;
  FASTPASS_RETURN_IF_ERROR(tar.read_state(&before));
  Contents contents;
  FASTPASS_RETURN_IF_ERROR(read_contents(tar, options.reading, &contents));
  std::vector<std::uint8_t> seek_section;
  if (options.probe || options.seek_indexer) {
    MappedFile mapping;
    FASTPASS_RETURN_IF_ERROR(mapping.open(tar_path));
    if (mapping.state().num_bytes != before.num_bytes) return changed_meanwhile(tar_path);
    std::int64_t count = 0;
    if (options.probe) count = probe_all(mapping.span(), options.probe, &contents.samples);
    if (num_unreadable != nullptr) *num_unreadable = count;
    FASTPASS_RETURN_IF_ERROR(make_seek_section(mapping.span(), contents.samples,
                                               options.seek_indexer, options.num_threads,
                                               &seek_section));
  }
  std::uint64_t fingerprint;
  FASTPASS_RETURN_IF_ERROR(tar_fingerprint(
      tar, static_cast<std::int64_t>(contents.samples.size()),
      [&](std::int64_t i) { return contents.samples[static_cast<std::size_t>(i)].image_offset; },
      &fingerprint));
  FASTPASS_RETURN_IF_ERROR(tar.read_state(&after));
  if (after.num_bytes != before.num_bytes || after.mtime_ns != before.mtime_ns) {
    return changed_meanwhile(tar_path);
  }
  *index = serialize_index(contents, before, fingerprint, std::move(seek_section));
  return Status();
}

Status write_index(const std::string& tar_path, const std::string& index_path,
                   const IndexOptions& options, std::vector<std::uint8_t>* index,
                   std::int64_t* num_unreadable) {
  FASTPASS_RETURN_IF_ERROR(build_index(tar_path, options, index, num_unreadable));
  return write_atomically(index_path, {index->data(), index->size()});
}

namespace {

// In a seek index: the XXH64 of the JPEG that it belongs to (docs/format.md).
constexpr std::size_t kImageHashAt = 16;

// Up to this many images, evenly spaced, are read and hashed where a tar has another time.
constexpr std::int64_t kMaxHashedImages = 64;

bool are_the_same(const IndexRecord& record, const SampleEntry& sample) {
  return record.sample_id == sample_id_of(sample.key()) &&
         record.image_offset == sample.image_offset && record.image_bytes == sample.image_bytes &&
         record.label == sample.label && record.metadata_offset == sample.metadata_offset &&
         record.metadata_bytes == sample.metadata_bytes;
}

// The tar has another time than the index says: a copy of the same bytes, or another tar.
Status compare_members(const IndexView& index, const File& tar, std::string* change) {
  Contents contents;
  FASTPASS_RETURN_IF_ERROR(read_contents(tar, ReadingOptions(), &contents));
  bool are_equal = static_cast<std::int64_t>(contents.samples.size()) == index.size();
  for (std::int64_t i = 0; are_equal && i < index.size(); ++i) {
    are_equal = are_the_same(index.record(i), contents.samples[static_cast<std::size_t>(i)]);
  }
  if (!are_equal)
    *change = "the " + kind_of_file(tar.path()) + " was written to since and has other members";
  return Status();
}

// The seek indexes know the hashes of their JPEGs.
Status compare_content(const IndexView& index, const File& tar, std::string* change) {
  const std::int64_t count = std::min(index.size(), kMaxHashedImages);
  std::vector<std::uint8_t> image;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t position = count == 1 ? 0 : i * (index.size() - 1) / (count - 1);
    const Span seek_index = index.seek_index(position);
    if (seek_index.size < kImageHashAt + sizeof(std::uint64_t)) continue;
    const IndexRecord& record = index.record(position);
    image.resize(record.image_bytes);
    FASTPASS_RETURN_IF_ERROR(tar.read(record.image_offset, image.data(), image.size()));
    const std::uint64_t stored = xxh64::load<std::uint64_t>(seek_index.data + kImageHashAt);
    if (xxhash64(Span{image.data(), image.size()}) == stored) continue;
    *change = "the " + kind_of_file(tar.path()) + " was written to since and " +
              quoted(index.key(position)) + " is another image";
    return Status();
  }
  return Status();
}

}  // namespace

Status check_freshness(const IndexView& index, const std::string& index_path, const File& tar) {
  const IndexHeader& header = index.header();
  FileState state;
  FASTPASS_RETURN_IF_ERROR(tar.read_state(&state));
  std::string change;
  if (state.num_bytes != header.tar_bytes) {
    change = "the " + kind_of_file(tar.path()) + " had " + std::to_string(header.tar_bytes) +
             " bytes and has " + std::to_string(state.num_bytes);
  } else {
    std::uint64_t fingerprint;
    FASTPASS_RETURN_IF_ERROR(tar_fingerprint(
        tar, index.size(), [&](std::int64_t i) { return index.record(i).image_offset; },
        &fingerprint));
    if (fingerprint != header.tar_fingerprint)
      change = "the " + kind_of_file(tar.path()) + " has other members";
  }
  // The members are those of an index by today's rules; another one only lends its seek indexes.
  if (change.empty() && state.mtime_ns != header.tar_mtime_ns) {
    if (index.is_by_todays_rules()) FASTPASS_RETURN_IF_ERROR(compare_members(index, tar, &change));
    if (change.empty()) FASTPASS_RETURN_IF_ERROR(compare_content(index, tar, &change));
  }
  if (change.empty()) return Status();
  return Status(Fault::kStalePack, quoted(index_path) + ": stale index: " + change + "; " +
                                       rebuild_advice(tar.path()));
}

}  // namespace fastpass
