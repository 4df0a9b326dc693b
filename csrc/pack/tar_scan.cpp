#include "pack/tar_scan.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "common/quote.h"
#include "pack/tar_header.h"

namespace fastpass {
namespace {

// Longest accepted payload of a long name or pax header: real ones stay far below.
constexpr std::uint64_t kLongestExtension = 1 << 20;

struct Kind {
  std::string_view first_bytes;
  const char* name;
};

// Files that people give in place of a tar, by their first bytes.
constexpr Kind kImages[] = {{"\xFF\xD8\xFF", "a JPEG image"}, {"\x89PNG", "a PNG image"},
                            {"GIF8", "a GIF image"},          {"II*", "a TIFF image"},
                            {"MM", "a TIFF image"},           {"BM", "a BMP image"},
                            {"RIFF", "a WebP image"}};
constexpr Kind kArchives[] = {{"\x1F\x8B", "gzip"},
                              {"\x28\xB5\x2F\xFD", "zstd"},
                              {"\xFD"
                               "7zXZ",
                               "xz"},
                              {"BZh", "bzip2"}};

template <std::size_t kCount>
const char* kind_of(std::string_view bytes, const Kind (&kinds)[kCount]) {
  for (const Kind& kind : kinds) {
    if (bytes.substr(0, kind.first_bytes.size()) == kind.first_bytes) return kind.name;
  }
  return nullptr;
}

// Of a file whose first block is no tar header.
std::string what_it_is(const TarHeader& header) {
  const std::string_view bytes(reinterpret_cast<const char*>(header.block), sizeof(header.block));
  if (const char* archive = kind_of(bytes, kArchives)) {
    return std::string("compressed (") + archive +
           "), no tar; decompress it first, images gain nothing from it";
  }
  if (const char* image = kind_of(bytes, kImages)) {
    return std::string("this is ") + image +
           ", no tar; give the folder it lies in, or decode it with fastpass.decode_image";
  }
  if (bytes.substr(0, 4) ==
      "\x89"
      "FPI")
    return "this is the index of a tar; give the tar";
  if (bytes.substr(0, 4) == "PAR1") return "a Parquet file, no tar; give the tars beside it";
  if (bytes.substr(0, 2) == "PK") return "a zip archive, no tar; unpack it and give the folder";
  return "no tar: the checksum of the first header is wrong; wanted a tar or a folder of images";
}

class Scanner {
 public:
  Scanner(const File& tar, std::uint64_t tar_bytes, std::vector<Member>* members)
      : tar_(tar), tar_bytes_(tar_bytes), members_(members) {}

  Status run();

 private:
  Status bad(const std::string& reason, std::uint64_t offset) const {
    return Status(Fault::kBadPack, quoted(tar_.path()) + ": " + reason,
                  static_cast<std::int64_t>(offset));
  }
  Status read_header(TarHeader* header) const;
  Status handle(const TarHeader& header);
  Status read_extension(char type, std::uint64_t num_bytes);
  Status add_member(const TarHeader& header, std::uint64_t num_bytes);
  Status check_tail() const;

  const File& tar_;
  const std::uint64_t tar_bytes_;
  std::vector<Member>* members_;
  std::uint64_t at_ = 0;  // offset of the current header
  std::string last_path_;
  std::string long_name_;  // GNU: of the next member
  PaxRecords pax_, global_pax_;
};

Status Scanner::read_header(TarHeader* header) const {
  if (at_ + kTarBlockBytes <= tar_bytes_) {
    return tar_.read(at_, header->block, sizeof(header->block));
  }
  if (tar_bytes_ == 0) return bad("the file is empty, no tar", 0);
  if (at_ == 0) {
    *header = TarHeader();
    FASTPASS_RETURN_IF_ERROR(tar_.read(0, header->block, tar_bytes_));
    return bad(what_it_is(*header), 0);
  }
  return bad("truncated: no end-of-archive mark after " +
                 (last_path_.empty() ? "the first header" : "member " + quoted(last_path_)),
             tar_bytes_);
}

Status Scanner::run() {
  for (;;) {
    TarHeader header;
    FASTPASS_RETURN_IF_ERROR(read_header(&header));
    if (header.is_zero()) return check_tail();
    if (!header.is_checksum_right()) {
      if (at_ == 0) return bad(what_it_is(header), 0);
      return bad("wrong checksum in the header after member " + quoted(last_path_), at_);
    }
    FASTPASS_RETURN_IF_ERROR(handle(header));
  }
}

Status Scanner::handle(const TarHeader& header) {
  const char type = header.type();
  std::uint64_t num_bytes;
  if (!header.read_size(&num_bytes)) {
    return bad("member " + quoted(header.path()) + " has an unreadable size", at_);
  }
  if (type == 'L' || type == 'K' || type == 'x' || type == 'g') {
    return read_extension(type, num_bytes);
  }
  return add_member(header, num_bytes);
}

Status Scanner::read_extension(char type, std::uint64_t num_bytes) {
  const std::uint64_t data_offset = at_ + kTarBlockBytes;
  if (num_bytes > kLongestExtension || num_bytes > tar_bytes_ - data_offset) {
    return bad("the long name or pax header after member " + quoted(last_path_) + " says " +
                   std::to_string(num_bytes) + " bytes, more than " +
                   (num_bytes > kLongestExtension ? "any real one has" : "the file has"),
               at_);
  }
  std::string payload(num_bytes, '\0');
  FASTPASS_RETURN_IF_ERROR(tar_.read(data_offset, payload.data(), payload.size()));
  if (type == 'L') long_name_ = payload.substr(0, payload.find('\0'));
  if (type == 'x' || type == 'g') {
    if (!parse_pax(payload, type == 'x' ? &pax_ : &global_pax_)) {
      return bad("malformed pax header after member " + quoted(last_path_), at_);
    }
  }
  at_ = data_offset + (num_bytes + kTarBlockBytes - 1) / kTarBlockBytes * kTarBlockBytes;
  return Status();
}

Status Scanner::add_member(const TarHeader& header, std::uint64_t num_bytes) {
  Member member;
  member.path = !pax_.path.empty()          ? pax_.path
                : !long_name_.empty()       ? long_name_
                : !global_pax_.path.empty() ? global_pax_.path
                                            : header.path();
  while (member.path.compare(0, 2, "./") == 0) member.path.erase(0, 2);
  if (pax_.has_size || global_pax_.has_size) {
    num_bytes = pax_.has_size ? pax_.size : global_pax_.size;
  }
  const char type = header.type();
  const bool is_folder = type == '5' || (!member.path.empty() && member.path.back() == '/');
  const bool is_file = type == '0' || type == '\0' || type == '7';
  if (pax_.is_sparse || global_pax_.is_sparse || type == 'S') {
    return bad("member " + quoted(member.path) + " is sparse; make the tar without --sparse", at_);
  }
  if (!is_file && !std::strchr("123456V", type)) {
    return bad(
        "member " + quoted(member.path) + " is of the unknown type " + quoted(std::string(1, type)),
        at_);
  }
  member.kind = type == '1' || type == '2' ? MemberKind::kLink
                : is_folder                ? MemberKind::kFolder
                : is_file                  ? MemberKind::kFile
                                           : MemberKind::kOther;
  while (is_folder && !member.path.empty() && member.path.back() == '/') member.path.pop_back();
  // Links, devices and folders have no data, whatever their size field says.
  if (!is_file) num_bytes = 0;
  member.data_offset = at_ + kTarBlockBytes;
  member.num_bytes = num_bytes;
  if (num_bytes > tar_bytes_ - member.data_offset) {
    return bad("truncated: member " + quoted(member.path) + " has " + std::to_string(num_bytes) +
                   " bytes of data, but the file ends after " +
                   std::to_string(tar_bytes_ - member.data_offset) + " of them",
               at_);
  }
  at_ = member.data_offset + (num_bytes + kTarBlockBytes - 1) / kTarBlockBytes * kTarBlockBytes;
  last_path_ = member.path;
  long_name_.clear();
  pax_ = PaxRecords();
  members_->push_back(std::move(member));
  return Status();
}

// Tars that were joined with `cat` have members behind the mark: losing them silently is worse
// than refusing them.
Status Scanner::check_tail() const {
  std::vector<std::uint8_t> buffer(std::min<std::uint64_t>(1 << 16, tar_bytes_ - at_));
  for (std::uint64_t offset = at_; offset < tar_bytes_; offset += buffer.size()) {
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), tar_bytes_ - offset));
    FASTPASS_RETURN_IF_ERROR(tar_.read(offset, buffer.data(), count));
    const auto end = buffer.begin() + static_cast<std::ptrdiff_t>(count);
    const auto found = std::find_if(buffer.begin(), end, [](std::uint8_t byte) { return byte; });
    if (found != end) {
      return bad("data behind the end-of-archive mark (tars joined with cat?)",
                 offset + static_cast<std::uint64_t>(found - buffer.begin()));
    }
  }
  return Status();
}

}  // namespace

Status tar_scan(const File& tar, std::vector<Member>* members) {
  FileState state;
  FASTPASS_RETURN_IF_ERROR(tar.read_state(&state));
  members->clear();
  return Scanner(tar, state.num_bytes, members).run();
}

}  // namespace fastpass
