// Reading an index: everything is checked before the first byte is handed out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/image_info.h"
#include "common/status.h"
#include "common/view.h"
#include "pack/grouping.h"
#include "pack/index_format.h"

namespace fastpass {

// Borrows the bytes it was given.
class IndexView {
 public:
  // `bytes` is aligned to 8; the paths are for messages. kBadPack: wrong magic, version, length or
  // checksum, or a record that points outside the tar or the index.
  Status parse(Span bytes, const std::string& index_path, const std::string& tar_path);

  const IndexHeader& header() const { return *header_; }
  std::int64_t size() const { return static_cast<std::int64_t>(header_->num_samples); }
  const IndexRecord& record(std::int64_t position) const { return records_[position]; }
  std::string_view key(std::int64_t position) const {
    return keys_.substr(records_[position].key_offset, records_[position].key_bytes);
  }
  ImageInfo info(std::int64_t position) const;
  const std::vector<std::string>& class_names() const { return class_names_; }
  Layout layout() const { return static_cast<Layout>(header_->layout); }
  // Are its samples those that a scan of the tar would find (reading_section.h)?
  bool is_by_todays_rules() const;
  const std::vector<LeftOut>& left_out() const { return left_out_; }
  const std::vector<std::uint64_t>& heic_positions() const { return heic_positions_; }
  // Of the JPEG at `position`; empty where it has none.
  Span seek_index(std::int64_t position) const;

 private:
  Status check_header(Span bytes) const;
  Status read_sections(Span bytes);
  Status check_records() const;
  Status check_seek_section() const;
  Status read_heic_section(Span section);
  const char* fault_of(const IndexRecord& record) const;
  Status bad(const std::string& reason, std::int64_t offset = -1) const;

  std::string path_, tar_path_;
  const IndexHeader* header_ = nullptr;
  const IndexRecord* records_ = nullptr;
  std::string_view keys_;
  std::vector<std::string> class_names_;
  std::uint64_t rules_ = 0;
  std::vector<LeftOut> left_out_;
  std::vector<std::uint64_t> heic_positions_;
  Span seek_section_;  // empty: the file has none
};

// What to do about a stale or damaged index.
std::string rebuild_advice(const std::string& tar_path);

}  // namespace fastpass
