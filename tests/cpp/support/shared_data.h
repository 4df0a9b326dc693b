// Real test data for C++ tests: below FASTPASS_SHARED, else in ../shared, seen from the project's
// root, in which ctest runs every program. FASTPASS_REQUIRE_SHARED=1 turns their absence into a
// failure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/check.h"

namespace fastpass_test {

using Bytes = std::vector<std::uint8_t>;

inline Bytes read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

inline std::filesystem::path shared_folder(const std::string& name) {
  const char* shared = std::getenv("FASTPASS_SHARED");
  return std::filesystem::path(shared != nullptr ? shared : "../shared") / "data" / name;
}

inline bool is_shared_required() {
  const char* required = std::getenv("FASTPASS_REQUIRE_SHARED");
  return required != nullptr && std::string(required) == "1";
}

// The files below data/<folder> that end in `suffix`, sorted; none, with a note, where they are
// absent.
inline std::vector<std::filesystem::path> shared_files(const std::string& folder,
                                                       const std::string& suffix) {
  const auto data = shared_folder(folder);
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(data)) {
    std::fprintf(stderr, "skipped: no real test data in %s (set FASTPASS_SHARED)\n", data.c_str());
    CHECK(!is_shared_required());
    return files;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    const std::string name = entry.path().filename().string();
    const bool matches = name.size() >= suffix.size() &&
                         name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
    if (entry.is_regular_file() && matches) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace fastpass_test
