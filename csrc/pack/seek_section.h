// The seek indexes of all samples, as the index file holds them.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/status.h"
#include "common/view.h"
#include "pack/grouping.h"

namespace fastpass {

// Makes the seek index of an encoded image, empty where it gets none; pack may not know decode, so
// it is handed in. Called from several threads.
using SeekIndexer = std::function<Status(Span encoded, std::vector<std::uint8_t>* seek_index)>;

// kSeekIndexSection: a table of offsets, then the seek indexes one behind the other. Empty where
// no sample has one, or where `indexer` is.
Status make_seek_section(Span tar, const std::vector<SampleEntry>& samples,
                         const SeekIndexer& indexer, int num_threads,
                         std::vector<std::uint8_t>* section);

}  // namespace fastpass
