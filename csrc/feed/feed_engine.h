// Batches from encoded samples: read -> decode -> augment -> ready, on threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/status.h"
#include "feed/batch_maker.h"
#include "feed/feed_options.h"
#include "feed/gpu.h"
#include "feed/sample_reader.h"
#include "feed/slot.h"
#include "pack/sample_source.h"

namespace fastpass {

// Positions first, first + 1, ..., last - 1.
struct PositionRange {
  std::int64_t first = 0, last = 0;
};

// One consumer: submit() and wait() belong to one thread at a time.
class FeedEngine {
 public:
  // `gpu`: where images are decoded and views rendered; nullptr: on the CPU.
  FeedEngine(std::shared_ptr<const SampleSource> source, FeedOptions options,
             ForeignDecoder foreign_decoder, std::shared_ptr<Gpu> gpu);
  ~FeedEngine();
  FeedEngine(const FeedEngine&) = delete;
  FeedEngine& operator=(const FeedEngine&) = delete;

  // Starts the threads; kOutOfMemory where the system grants none. Call once, before anything else.
  Status start();
  // Queues one batch: `positions` in the source (at most batch_size), drawn for `epoch`.
  Status submit(std::vector<std::int64_t> positions, std::uint32_t epoch);
  // Has the threads ask the storage for these samples, before they render anything else.
  Status prefetch(const std::vector<PositionRange>& ranges);
  // The oldest batch that was not handed out yet. *slot stays empty when `timeout_seconds` passed
  // first; waiting with nothing queued is a kBadArgument.
  Status wait(double timeout_seconds, std::shared_ptr<BatchSlot>* slot);
  // Forgets every queued batch; what threads are working on is finished and dropped.
  void cancel();
  // Ends the threads and frees their memory and that of all batches that the consumer does not
  // hold. Idempotent; afterwards submit() and wait() are kClosed.
  void close();

  const StageTimes& times() const { return times_; }
  const BatchLayout& layout() const { return pool_->layout(); }
  std::int64_t num_slots() const { return pool_->num_allocated(); }

 private:
  struct Batch;
  struct Work;

  void run(SampleMaker* maker);
  bool take(Work* work);
  bool take_finish(bool may_wait, Work* work);
  bool take_sample(Work* work);
  void prefetch(const PositionRange& range) noexcept;
  void make_sample(SampleMaker* maker, Batch* batch, std::size_t place);
  void launch(Batch* batch);
  void finish(Batch* batch);

  const FeedOptions options_;
  StageTimes times_;
  SampleReader reader_;
  const std::unique_ptr<BatchMaker> maker_;
  const std::shared_ptr<SlotPool> pool_;

  std::mutex mutex_;
  std::condition_variable work_ready_;
  std::condition_variable batch_ready_;
  std::deque<std::shared_ptr<Batch>> queue_;  // oldest first; the consumer takes from the front
  std::deque<PositionRange> ahead_;           // to be prefetched
  bool is_closed_ = false;
  std::vector<std::unique_ptr<SampleMaker>> sample_makers_;
  std::vector<std::thread> threads_;
};

}  // namespace fastpass
