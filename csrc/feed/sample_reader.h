// From a position in the source to the plan of the sample there.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/status.h"
#include "feed/feed_options.h"
#include "feed/sample_plan.h"
#include "feed/stage_times.h"
#include "pack/sample_source.h"

namespace fastpass {

// Reads samples and plans them. Shared by all threads.
class SampleReader {
 public:
  SampleReader(std::shared_ptr<const SampleSource> source, const FeedOptions& options,
               ForeignDecoder foreign_decoder, StageTimes* times);

  // `whole`: of the calling thread. The plan borrows `encoded`; both are reused from sample to
  // sample, with their memory.
  Status read(std::int64_t position, std::uint32_t epoch, const WholeImageDecoder& whole,
              EncodedSample* encoded, SamplePlan* plan);

  const SampleSource& source() const { return *source_; }
  const FeedOptions& options() const { return options_; }
  const ForeignDecoder& foreign_decoder() const { return foreign_decoder_; }
  StageTimes& times() { return *times_; }

 private:
  Status fetch(std::int64_t position, EncodedSample* sample) const;
  Status verify_seek_index_once(std::int64_t position, const EncodedSample& sample);

  const std::shared_ptr<const SampleSource> source_;
  const FeedOptions& options_;
  const ForeignDecoder foreign_decoder_;
  StageTimes* const times_;
  // [position]: the seek index is known to belong to the image.
  std::vector<std::atomic<bool>> is_verified_;
};

}  // namespace fastpass
