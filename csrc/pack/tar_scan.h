// The table of contents of a tar: headers only, never a member's data.
//
// Formats: POSIX.1-1988 ustar, GNU (long names, base-256 sizes), POSIX.1-2001 pax.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "pack/file.h"

namespace fastpass {

constexpr std::uint64_t kTarBlockBytes = 512;

enum class MemberKind : std::uint8_t { kFile, kLink, kOther };

struct TarMember {
  std::string path;  // bytes as stored, a leading "./" removed
  MemberKind kind = MemberKind::kFile;
  // The header block of a file stands directly before its data.
  std::uint64_t data_offset = 0;
  std::uint64_t num_bytes = 0;  // 0 for links, folders and the like

  std::uint64_t header_offset() const { return data_offset - kTarBlockBytes; }
};

// In file order. kBadPack names the file, the member and the byte offset: wrong checksum, sparse
// or multi-volume members, a member that runs past the end, no end-of-archive mark (so a tar cut
// off between two members is noticed), anything but zeros behind that mark.
Status tar_scan(const File& tar, std::vector<TarMember>* members);

}  // namespace fastpass
