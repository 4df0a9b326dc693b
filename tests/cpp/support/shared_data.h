// Real test data for C++ tests; the same rule as in tests/conftest.py.
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

// The files below $FASTPASS_SHARED/data/<folder> that end in `suffix` (default: ../shared next to
// the checkout), sorted; none, with a note, where they are absent. FASTPASS_REQUIRE_SHARED=1 makes
// that a failure.
inline std::vector<std::filesystem::path> shared_files(const std::string& folder,
                                                       const std::string& suffix) {
  const char* root = std::getenv("FASTPASS_SHARED");
  const auto checkout = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  const std::filesystem::path shared = root ? root : checkout.parent_path() / "shared";
  const auto data = shared / "data" / folder;
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(data)) {
    std::fprintf(stderr, "skipped: no real test data at %s (set FASTPASS_SHARED)\n", data.c_str());
    const char* is_required = std::getenv("FASTPASS_REQUIRE_SHARED");
    CHECK(!is_required || std::string(is_required) != "1");
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
