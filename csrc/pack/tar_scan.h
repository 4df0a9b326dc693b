// The table of contents of a tar: headers only, never a member's data.
//
// Formats: POSIX.1-1988 ustar, GNU (long names, base-256 sizes), POSIX.1-2001 pax.
#pragma once

#include <vector>

#include "common/status.h"
#include "pack/file.h"
#include "pack/member.h"

namespace fastpass {

// In file order. kBadPack names the file, the member and the byte offset: wrong checksum, sparse
// or multi-volume members, a member that runs past the end, no end-of-archive mark (so a tar cut
// off between two members is noticed), anything but zeros behind that mark.
Status tar_scan(const File& tar, std::vector<Member>* members);

}  // namespace fastpass
