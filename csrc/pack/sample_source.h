// What the loader needs from storage: encoded bytes by position, from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/view.h"

namespace fastpass {

// The encoded bytes of one sample. `bytes` points into a mapping that lives as long as the source,
// or into `owned` where the source had to read a file; reuse the struct to reuse its memory.
struct EncodedSample {
  Span bytes;
  Span seek_index;  // lives as long as the source; empty where there is none
  std::vector<std::uint8_t> owned;
};

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual std::int64_t size() const = 0;
  virtual std::int64_t sample_id(std::int64_t position) const = 0;
  // -1 where the sample has no label.
  virtual std::int64_t label(std::int64_t position) const = 0;
  // For messages: "shard.tar: key (at byte N)" or the file's path.
  virtual std::string describe(std::int64_t position) const = 0;
  virtual Status fetch(std::int64_t position, EncodedSample* sample) const = 0;
  // The same bytes, in sample->owned: read by system calls, which report a file that shrank or a
  // server that went away as an error, where touching a mapping would end the process.
  virtual Status read(std::int64_t position, EncodedSample* sample) const = 0;
  // Asks the system to have the samples [first, last) in memory soon; returns without waiting for
  // them. A wish: what goes wrong here shows when a sample is read.
  virtual void prefetch(std::int64_t first, std::int64_t last) const = 0;
};

}  // namespace fastpass
