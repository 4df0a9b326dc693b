// What a loader was asked for, and what its threads count.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "augment/params.h"
#include "augment/render.h"
#include "common/status.h"
#include "common/view.h"
#include "decode/decoder.h"
#include "decode/pixel_buffer.h"

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

  ViewFormat view_format() const {
    ViewFormat format;
    format.dtype = dtype;
    if (channels_last) format.memory_format = MemoryFormat::kChannelsLast;
    return format;
  }
};

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
