#include "decode/seek_scan.h"

#include <new>

#include "../../tests/cpp/slow_seek_scan.h"

namespace fastpass {

Status build_seek_index(Span jpeg, std::vector<std::uint8_t>* index) {
  try {
    index->clear();
    std::vector<SeekEntry> states;
    if (slow_seek_scan(jpeg, &states)) *index = serialize_seek_index(jpeg, states);
    return Status();
  } catch (const std::bad_alloc&) {
    return Status(Fault::kOutOfMemory, "no memory for the decoder's states of one JPEG");
  }
}

}  // namespace fastpass
