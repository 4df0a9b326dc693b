// Every file below a folder.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "pack/member.h"

namespace fastpass {

// Files and folders with paths relative to `root`, with '/', sorted by bytes: the same on every
// machine. Links are followed; one to a folder around it is a kBadPack, a folder that cannot be
// read is a kReadFailed. The operating system's own files (naming.h) are passed over.
Status walk_folder(const std::string& root, std::vector<Member>* members);

}  // namespace fastpass
