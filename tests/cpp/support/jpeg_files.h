// The JPEG files of a folder, read whole, each with its name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/shared_data.h"

namespace fastpass_test {

struct JpegFile {
  std::string name;
  std::vector<std::uint8_t> bytes;
};

inline std::filesystem::path hostile_folder() { return shared_folder("jpeg_hostile"); }

// Every file below `folder` but its manifest, sorted by name; empty where there is no such folder.
inline std::vector<JpegFile> read_files(const std::filesystem::path& folder) {
  std::vector<JpegFile> files;
  std::error_code missing;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, missing)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".csv") continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(),
                     {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()}});
  }
  std::sort(files.begin(), files.end(),
            [](const JpegFile& a, const JpegFile& b) { return a.name < b.name; });
  return files;
}

}  // namespace fastpass_test
