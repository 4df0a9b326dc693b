// What the threads of a loader count.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace fastpass {

// Sums over all threads since the engine started.
struct StageTimes {
  std::atomic<std::int64_t> read_nanoseconds{0};
  std::atomic<std::int64_t> decode_nanoseconds{0};
  std::atomic<std::int64_t> augment_nanoseconds{0};
  std::atomic<std::int64_t> num_images{0};
};

// Adds the time from construction to destruction to a counter.
class Stopwatch {
 public:
  explicit Stopwatch(std::atomic<std::int64_t>* total) : total_(total), start_(Clock::now()) {}
  ~Stopwatch() {
    total_->fetch_add(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_).count(),
        std::memory_order_relaxed);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  std::atomic<std::int64_t>* total_;
  Clock::time_point start_;
};

}  // namespace fastpass
