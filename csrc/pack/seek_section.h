// The seek indexes of all samples, as the index file holds them.
#pragma once

#include <cstdint>
#include <vector>

#include "common/status.h"
#include "common/view.h"
#include "pack/grouping.h"
#include "pack/index_build.h"

namespace fastpass {

// kSeekIndexSection: a table of offsets, then the seek indexes one behind the other. Empty where
// no sample has one, or where options.seek_indexer is.
Status make_seek_section(Span tar, const std::vector<SampleEntry>& samples,
                         const IndexOptions& options, std::vector<std::uint8_t>* section);

}  // namespace fastpass
