// The seek index of a file, where this tree can make one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "common/view.h"
#if __has_include("decode/seek_scan.h")
#include "decode/seek_scan.h"
#endif

namespace fastpass_fuzz {

// Empty for a file that gets none.
inline std::vector<std::uint8_t> seek_index_of(fastpass::Span jpeg) {
  std::vector<std::uint8_t> index;
#if __has_include("decode/seek_scan.h")
  const fastpass::Status status = fastpass::build_seek_index(jpeg, &index);
  if (!status.ok()) {
    std::fprintf(stderr, "build_seek_index: %s\n", status.message().c_str());
    std::abort();
  }
#else
  static_cast<void>(jpeg);
#endif
  return index;
}

}  // namespace fastpass_fuzz
