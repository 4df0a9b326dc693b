#include "pack/read_bytes.h"

#include <new>
#include <string>

#include "common/quote.h"

namespace fastpass {

Status read_bytes(const File& file, std::uint64_t offset, std::uint64_t num_bytes,
                  EncodedSample* sample) {
  try {
    sample->owned.resize(static_cast<std::size_t>(num_bytes));
  } catch (const std::bad_alloc&) {
    return Status(Fault::kOutOfMemory, "no memory for " + std::to_string(num_bytes) + " bytes of " +
                                           quoted(file.path()));
  }
  FASTPASS_RETURN_IF_ERROR(file.read(offset, sample->owned.data(), sample->owned.size()));
  sample->bytes = {sample->owned.data(), sample->owned.size()};
  return Status();
}

}  // namespace fastpass
