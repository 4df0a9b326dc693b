// One file of a source: a member of a tar, or a file below a folder.
#pragma once

#include <cstdint>
#include <string>

namespace fastpass {

constexpr std::uint64_t kTarBlockBytes = 512;

// kLink: any link in a tar. kBrokenLink: in a folder, a link to nothing; other links there stand
// for what they lead to.
enum class MemberKind : std::uint8_t { kFile, kLink, kBrokenLink, kFolder, kOther };

struct Member {
  std::string path;  // bytes as stored, without a leading "./" and without a trailing '/'
  MemberKind kind = MemberKind::kFile;
  // Tars only. The header block of a file stands directly before its data.
  std::uint64_t data_offset = 0;
  std::uint64_t num_bytes = 0;  // 0 for links, folders and the like

  std::uint64_t header_offset() const { return data_offset - kTarBlockBytes; }
  // Can it be part of a sample?
  bool has_content() const { return kind == MemberKind::kFile || kind == MemberKind::kLink; }
};

}  // namespace fastpass
