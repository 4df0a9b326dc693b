// Where the restart intervals of a scan lie, and into how many parts lanes divide them.
#pragma once

#include <vector>

#include "common/view.h"
#include "decode/gpu/gpu_image.h"

namespace fastpass {

// `data`: from the scan's first byte on. One segment that reaches to the end of the file where
// there are no restarts (interval 0). False where a restart marker is missing or another one.
bool find_scan_segments(Span data, int restart_interval, int num_mcus,
                        std::vector<ScanSegment>* segments);

// Sets first_part of each; returns the number of all parts. Every segment has one at least.
int number_scan_parts(std::vector<ScanSegment>* segments);

}  // namespace fastpass
