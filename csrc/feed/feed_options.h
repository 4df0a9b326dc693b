// What a loader was asked for.
#pragma once

#include <cstdint>
#include <string>

#include "augment/view_format.h"
#include "feed/sample_plan.h"

namespace fastpass {

struct FeedOptions {
  SampleOptions sample;
  ViewFormat format;
  std::int64_t batch_size = 1;
  int num_threads = 1;
  std::uint64_t seed = 0;
  bool skip_damaged = false;
  std::string decoder = "auto";
  bool reads_by_pread = false;  // SampleSource::read in place of fetch
};

}  // namespace fastpass
