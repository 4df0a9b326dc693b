// Every image below a folder.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"

namespace fastpass {

// Paths relative to `root`, with '/', sorted by bytes: the same on every machine. Links are
// followed; a link to one of its own ancestors is a kBadPack, a folder that cannot be read a
// kReadFailed. Hidden files and folders (a leading dot) are passed over.
Status walk_images(const std::string& root, std::vector<std::string>* paths);

}  // namespace fastpass
