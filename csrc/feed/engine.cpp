#include "feed/engine.h"

#include <chrono>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

#include "augment/region_plan.h"
#include "augment/render.h"
#include "common/rng.h"
#include "decode/probe.h"
#include "decode/seek_index.h"

namespace fastpass {
namespace {

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

BatchLayout layout_of(const EngineOptions& options) {
  BatchLayout layout;
  layout.batch_size = options.batch_size;
  layout.dtype = options.dtype;
  layout.channels_last = options.channels_last;
  for (const ViewSpec& spec : options.views) layout.view_sizes.push_back(spec.size);
  return layout;
}

// Not of the storage, the memory or the pack, of which every sample may be the next victim.
bool is_fault_of_image(Fault fault) {
  return fault == Fault::kCorruptImage || fault == Fault::kUnsupportedImage ||
         fault == Fault::kImageTooLarge || fault == Fault::kBadSeekIndex;
}

bool is_jpeg(Span bytes) {
  return bytes.size >= 2 && bytes.data[0] == 0xFF && bytes.data[1] == 0xD8;
}

}  // namespace

struct Engine::Batch {
  std::shared_ptr<BatchSlot> slot;
  std::vector<std::int64_t> positions;
  std::uint32_t epoch = 0;
  std::vector<Status> row_statuses;
  std::size_t next_row = 0;       // guarded by mutex_
  std::size_t rows_finished = 0;  // guarded by mutex_

  bool is_taken() const { return next_row == positions.size(); }
  bool is_ready() const { return rows_finished == positions.size(); }
  void settle(const SampleSource& source, const BatchLayout& layout, bool skip_damaged);
};

// What a thread does next: prefetch `ahead`, or render a row where there is a batch.
struct Engine::Work {
  std::shared_ptr<Batch> batch;
  std::size_t row = 0;
  PositionRange ahead;
};

// Moves the good rows together, and lists the damaged ones or makes the first the batch's failure.
void Engine::Batch::settle(const SampleSource& source, const BatchLayout& layout,
                           bool skip_damaged) {
  std::int64_t kept = 0;
  for (std::size_t row = 0; row < positions.size(); ++row) {
    const std::int64_t sample_id = source.sample_id(positions[row]);
    if (!row_statuses[row].ok()) {
      const bool is_skipped = skip_damaged && is_fault_of_image(row_statuses[row].fault());
      if (!is_skipped && slot->failure.ok()) slot->failure = row_statuses[row];
      slot->skipped.push_back({sample_id, row_statuses[row]});
      continue;
    }
    for (std::size_t view = 0; view < slot->views.size(); ++view) {
      const std::size_t bytes = layout.view_bytes(view);
      std::uint8_t* memory = slot->views[view].get();
      if (static_cast<std::size_t>(kept) != row) {
        std::memcpy(memory + static_cast<std::size_t>(kept) * bytes, memory + row * bytes, bytes);
      }
    }
    slot->sample_ids.push_back(sample_id);
    slot->positions.push_back(positions[row]);
    slot->labels.push_back(source.label(positions[row]));
    ++kept;
  }
  slot->num_samples = kept;
}

// Everything one thread reuses from sample to sample.
class Engine::Worker {
 public:
  explicit Worker(Engine* engine)
      : engine_(*engine),
        decoder_(make_decoder(engine->options_.decoder)),
        views_(engine->options_.views.size()) {}

  void run() {
    for (Work work; engine_.take(&work);) {
      if (!work.batch) {
        prefetch(work.ahead);
        continue;
      }
      work.batch->row_statuses[work.row] = render_row_or_say_why(work.batch.get(), work.row);
      engine_.finish_row(work.batch.get());
    }
  }

 private:
  void prefetch(const PositionRange& range) noexcept {
    const Stopwatch watch(&engine_.times_.read_nanoseconds);
    try {
      engine_.source_->prefetch(range.first, range.last);
    } catch (const std::exception&) {
      // Whatever is wrong here is told when the sample itself is read.
    }
  }

  // No exception may leave a thread.
  Status render_row_or_say_why(Batch* batch, std::size_t row) noexcept {
    try {
      const Status status = render_row(batch, row);
      return status.ok() ? status : status.at(engine_.source_->describe(batch->positions[row]));
    } catch (const std::bad_alloc&) {
      return {Fault::kOutOfMemory, ""};
    } catch (const std::exception& error) {
      return {Fault::kCorruptImage, error.what()};
    }
  }

  Status render_row(Batch* batch, std::size_t row) {
    const std::int64_t position = batch->positions[row];
    {
      const Stopwatch watch(&engine_.times_.read_nanoseconds);
      FASTPASS_RETURN_IF_ERROR(read(position));
    }
    DrawKey key;
    key.seed = engine_.options_.seed;
    key.sample_id = static_cast<std::uint64_t>(engine_.source_->sample_id(position));
    key.epoch = batch->epoch;
    {
      const Stopwatch watch(&engine_.times_.decode_nanoseconds);
      FASTPASS_RETURN_IF_ERROR(decode(position, key));
    }
    const Stopwatch watch(&engine_.times_.augment_nanoseconds);
    for (std::size_t view = 0; view < views_.size(); ++view) {
      FASTPASS_RETURN_IF_ERROR(render_view(batch, row, view));
    }
    engine_.times_.num_images.fetch_add(1, std::memory_order_relaxed);
    return {};
  }

  Status read(std::int64_t position) {
    const SampleSource& source = *engine_.source_;
    return engine_.options_.reads_by_pread ? source.read(position, &sample_)
                                           : source.fetch(position, &sample_);
  }

  // Note [When a pack's seek index is believed]. A pack notices a changed tar by its size, time
  // and headers, not a change of image bytes that keeps all of these; with an index from before,
  // such a change could give wrong pixels. So the hash in the index is compared with the image
  // once per engine, when the sample is first decoded (about 1 % of that decoding), and not again
  // in later epochs.
  Status verify_seek_index_once(std::int64_t position) {
    std::atomic<bool>& is_verified = engine_.is_verified_[static_cast<std::size_t>(position)];
    if (sample_.seek_index.size == 0 || is_verified.load(std::memory_order_relaxed)) return {};
    FASTPASS_RETURN_IF_ERROR(verify_seek_index(sample_.seek_index, sample_.bytes));
    is_verified.store(true, std::memory_order_relaxed);
    return {};
  }

  // Draws all views, then decodes what they need.
  Status decode(std::int64_t position, const DrawKey& key) {
    ImageInfo info;
    // What is wrong with the headers of a damaged image, its decoder tells best.
    const bool is_plannable = is_jpeg(sample_.bytes) && probe(sample_.bytes, &info).ok();
    if (!is_plannable) {
      FASTPASS_RETURN_IF_ERROR(decode_whole());
      const ImageView& pixels = pixels_.view();
      FASTPASS_RETURN_IF_ERROR(draw(key, pixels.height, pixels.width));
      region_ = whole_image(pixels);
      return {};
    }
    FASTPASS_RETURN_IF_ERROR(verify_seek_index_once(position));
    FASTPASS_RETURN_IF_ERROR(draw(key, info.height, info.width));
    const RegionPlan plan =
        plan_region(views_, info.height, info.width, engine_.options_.may_scale);
    DecodeOptions options;
    options.max_pixels = engine_.options_.max_pixels;
    options.seek_index = sample_.seek_index;
    options.is_seek_index_verified = true;
    options.crop = plan.crop;
    options.scale_denominator = plan.scale_denominator;
    FASTPASS_RETURN_IF_ERROR(decoder_->decode(sample_.bytes, options, &pixels_));
    region_ = region_of(plan, pixels_.view(), info.height, info.width);
    return {};
  }

  Status decode_whole() {
    const std::int64_t max_pixels = engine_.options_.max_pixels;
    if (!is_jpeg(sample_.bytes)) {
      return engine_.foreign_decoder_(sample_.bytes, max_pixels, &pixels_);
    }
    DecodeOptions options;
    options.max_pixels = max_pixels;
    return decoder_->decode(sample_.bytes, options, &pixels_);
  }

  Status draw(DrawKey key, int height, int width) {
    for (std::size_t view = 0; view < views_.size(); ++view) {
      key.view_id = static_cast<std::uint16_t>(view);
      FASTPASS_RETURN_IF_ERROR(
          draw_view(engine_.options_.views[view], height, width, key, &views_[view]));
    }
    return {};
  }

  Status render_view(Batch* batch, std::size_t row, std::size_t view) {
    const BatchLayout& layout = engine_.layout();
    std::uint8_t* out = batch->slot->views[view].get() + row * layout.view_bytes(view);
    ViewFormat format;
    format.dtype = layout.dtype;
    if (layout.channels_last) format.memory_format = MemoryFormat::kChannelsLast;
    return renderer_.render(region_, engine_.options_.views[view], views_[view], format, out);
  }

  Engine& engine_;
  const std::unique_ptr<Decoder> decoder_;
  ViewRenderer renderer_;
  EncodedSample sample_;
  PixelBuffer pixels_;
  SourceRegion region_;            // shows pixels_
  std::vector<ViewParams> views_;  // of the present sample
};

Engine::Engine(std::shared_ptr<const SampleSource> source, EngineOptions options,
               ForeignDecoder foreign_decoder)
    : source_(std::move(source)),
      options_(std::move(options)),
      foreign_decoder_(std::move(foreign_decoder)),
      pool_(std::make_shared<SlotPool>(layout_of(options_))),
      is_verified_(static_cast<std::size_t>(source_->size())) {
  for (int i = 0; i < options_.num_threads; ++i) workers_.push_back(std::make_unique<Worker>(this));
}

Status Engine::start() {
  try {
    for (const auto& worker : workers_) {
      threads_.emplace_back([&worker] { worker->run(); });
    }
  } catch (const std::system_error& error) {
    if (threads_.empty()) {
      return {Fault::kOutOfMemory, std::string("no thread could be started: ") + error.what()};
    }
    // The system grants no more threads: those that there are do the work.
  }
  return {};
}

Engine::~Engine() { close(); }

Status Engine::submit(std::vector<std::int64_t> positions, std::uint32_t epoch) {
  if (positions.empty() || static_cast<std::int64_t>(positions.size()) > options_.batch_size) {
    return {Fault::kBadArgument, "a batch of " + std::to_string(positions.size()) +
                                     " samples, wanted 1 to " +
                                     std::to_string(options_.batch_size)};
  }
  for (const std::int64_t position : positions) {
    if (position >= 0 && position < source_->size()) continue;
    return {Fault::kBadArgument, "position " + std::to_string(position) + " in a source of " +
                                     std::to_string(source_->size()) + " samples"};
  }
  auto batch = std::make_shared<Batch>();
  FASTPASS_RETURN_IF_ERROR(pool_->acquire(&batch->slot));
  BatchSlot& slot = *batch->slot;
  slot.num_samples = 0;
  slot.sample_ids.clear();
  slot.positions.clear();
  slot.labels.clear();
  slot.skipped.clear();
  slot.failure = Status();
  batch->row_statuses.resize(positions.size());
  batch->positions = std::move(positions);
  batch->epoch = epoch;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) return {Fault::kClosed, "the loader is closed"};
    queue_.push_back(std::move(batch));
  }
  work_ready_.notify_all();
  return {};
}

Status Engine::prefetch(const std::vector<PositionRange>& ranges) {
  for (const PositionRange& range : ranges) {
    if (range.first >= 0 && range.first <= range.last && range.last <= source_->size()) continue;
    return {Fault::kBadArgument, "positions " + std::to_string(range.first) + " to " +
                                     std::to_string(range.last) + " in a source of " +
                                     std::to_string(source_->size()) + " samples"};
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) return {Fault::kClosed, "the loader is closed"};
    ahead_.insert(ahead_.end(), ranges.begin(), ranges.end());
  }
  work_ready_.notify_all();
  return {};
}

// The oldest range to prefetch, else the next unrendered row of the oldest batch that has one;
// false when the engine closes.
bool Engine::take(Work* work) {
  std::unique_lock<std::mutex> lock(mutex_);
  work->batch.reset();
  for (;;) {
    if (is_closed_) return false;
    if (!ahead_.empty()) {
      work->ahead = ahead_.front();
      ahead_.pop_front();
      return true;
    }
    for (const std::shared_ptr<Batch>& batch : queue_) {
      if (batch->is_taken()) continue;
      work->row = batch->next_row++;
      work->batch = batch;
      return true;
    }
    work_ready_.wait(lock);
  }
}

void Engine::finish_row(Batch* batch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++batch->rows_finished;
  if (batch->is_ready()) batch_ready_.notify_all();
}

Status Engine::wait(double timeout_seconds, std::shared_ptr<BatchSlot>* slot) {
  std::shared_ptr<Batch> batch;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (is_closed_) return {Fault::kClosed, "the loader is closed"};
    if (queue_.empty()) return {Fault::kBadArgument, "no batch was submitted"};
    const auto is_ready = [this] { return is_closed_ || queue_.front()->is_ready(); };
    if (!batch_ready_.wait_for(lock, std::chrono::duration<double>(timeout_seconds), is_ready)) {
      return {};
    }
    if (is_closed_) return {Fault::kClosed, "the loader was closed while a batch was awaited"};
    batch = std::move(queue_.front());
    queue_.pop_front();
  }
  batch->settle(*source_, layout(), options_.skip_damaged);
  FASTPASS_RETURN_IF_ERROR(batch->slot->failure);
  *slot = std::move(batch->slot);
  return {};
}

void Engine::cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  queue_.clear();
  ahead_.clear();
}

void Engine::close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_closed_ = true;
    queue_.clear();
    ahead_.clear();
  }
  work_ready_.notify_all();
  batch_ready_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace fastpass
