// Batches from encoded samples: read -> decode -> augment -> ready, on threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "augment/params.h"
#include "common/status.h"
#include "decode/decoder.h"
#include "feed/slot.h"
#include "pack/sample_source.h"

namespace fastpass {

// Decodes what no JPEG backend knows (PNG, WebP); called from worker threads.
using ForeignDecoder = std::function<Status(Span encoded, std::int64_t max_pixels, PixelBuffer*)>;

struct EngineOptions {
  std::vector<ViewSpec> views;
  std::int64_t batch_size = 1;
  int num_threads = 1;
  Dtype dtype = Dtype::kFloat32;
  std::uint64_t seed = 0;
  bool skip_damaged = false;
  std::int64_t max_pixels = kDefaultMaxPixels;
  std::string decoder = "auto";
  bool reads_by_pread = false;  // SampleSource::read in place of fetch
  bool channels_last = false;   // of BatchLayout
  // Large sources may be decoded at a smaller DCT scale (plan_region): mode "fast".
  bool may_scale = false;
};

// Positions first, first + 1, ..., last - 1.
struct PositionRange {
  std::int64_t first = 0, last = 0;
};

// Sums over all threads since the engine started.
struct StageTimes {
  std::atomic<std::int64_t> read_nanoseconds{0};
  std::atomic<std::int64_t> decode_nanoseconds{0};
  std::atomic<std::int64_t> augment_nanoseconds{0};
  std::atomic<std::int64_t> num_images{0};
};

// One consumer: submit() and wait() belong to one thread at a time.
class Engine {
 public:
  Engine(std::shared_ptr<const SampleSource> source, EngineOptions options,
         ForeignDecoder foreign_decoder);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

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
  // Ends the threads. Idempotent; afterwards submit() and wait() are kClosed.
  void close();

  const StageTimes& times() const { return times_; }
  const BatchLayout& layout() const { return pool_->layout(); }
  std::int64_t num_slots() const { return pool_->num_allocated(); }

 private:
  struct Batch;
  class Worker;

  struct Work;

  bool take(Work* work);
  void finish_row(Batch* batch);

  const std::shared_ptr<const SampleSource> source_;
  const EngineOptions options_;
  const ForeignDecoder foreign_decoder_;
  const std::shared_ptr<SlotPool> pool_;
  StageTimes times_;
  // [position]: the seek index is known to belong to the image.
  std::vector<std::atomic<bool>> is_verified_;

  std::mutex mutex_;
  std::condition_variable work_ready_;
  std::condition_variable batch_ready_;
  std::deque<std::shared_ptr<Batch>> queue_;  // oldest first; the consumer takes from the front
  std::deque<PositionRange> ahead_;           // to be prefetched
  bool is_closed_ = false;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace fastpass
