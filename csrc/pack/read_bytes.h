// Bytes of a file into the memory of a sample.
#pragma once

#include <cstdint>

#include "common/status.h"
#include "pack/file.h"
#include "pack/sample_source.h"

namespace fastpass {

// sample->bytes: `num_bytes` from `offset` on, in sample->owned. kReadFailed with the byte offset
// where the file ends before; kOutOfMemory.
Status read_bytes(const File& file, std::uint64_t offset, std::uint64_t num_bytes,
                  EncodedSample* sample);

}  // namespace fastpass
