// How batches are made: what the engine's threads do for each sample, and what remains to be done
// for all samples of a batch together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/status.h"
#include "feed/slot.h"
#include "pack/sample_source.h"

namespace fastpass {

// What a maker keeps of a batch until it is finished.
struct BatchContext {
  virtual ~BatchContext() = default;
};

// A batch while it is made. Its samples are counted by their places, from 0.
struct BatchWork {
  std::shared_ptr<BatchSlot> slot;
  std::shared_ptr<BatchContext> context;
  std::vector<std::int64_t> positions;  // [place], in the source
  std::uint32_t epoch = 0;
  std::vector<Status> statuses;  // [place]
};

// Makes one sample after the other. One per thread.
class SampleMaker {
 public:
  virtual ~SampleMaker() = default;
  virtual Status make(BatchWork* batch, std::size_t place) = 0;
};

// Makes batches, on the CPU or on a GPU. Shared by all threads; each batch is launched and finished
// once, by whichever thread.
class BatchMaker {
 public:
  virtual ~BatchMaker() = default;
  virtual std::unique_ptr<SampleMaker> make_sample_maker() = 0;
  virtual SlotFactory slot_factory() const = 0;
  virtual Status begin(BatchWork*) { return {}; }
  // All samples are made, or have a status that says why not.
  virtual Status launch(BatchWork*) { return {}; }
  // Whether finish() would not have to wait.
  virtual bool is_launch_done(const BatchWork&) { return true; }
  // Leaves the batch as the consumer gets it.
  virtual Status finish(BatchWork* batch) = 0;
};

// Fills in what the slot says of its samples; returns the places of those that it keeps, in order.
// The first damaged one is the batch's failure, unless damaged ones are skipped.
std::vector<std::size_t> settle_samples(const SampleSource& source, bool skip_damaged,
                                        BatchWork* batch);

}  // namespace fastpass
