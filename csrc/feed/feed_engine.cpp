#include "feed/feed_engine.h"

#include <chrono>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "feed/cpu_maker.h"
#include "feed/gpu_maker.h"

namespace fastpass {
namespace {

BatchLayout layout_of(const FeedOptions& options) {
  BatchLayout layout;
  layout.batch_size = options.batch_size;
  layout.format = options.format;
  for (const ViewSpec& spec : options.sample.views) layout.view_sizes.push_back(spec.size);
  layout.op_output_bytes = op_output_bytes(options.sample);
  return layout;
}

// No exception may leave a thread.
template <typename Call>
Status status_of_call(const Call& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return {Fault::kOutOfMemory, ""};
  } catch (const std::exception& error) {
    return {Fault::kCorruptImage, error.what()};
  }
}

}  // namespace

// A batch on its way from submit() to wait().
struct FeedEngine::Batch : BatchWork {
  // Guarded by mutex_.
  enum class Stage : std::uint8_t { kSamples, kLaunched, kFinishing, kReady };
  Stage stage = Stage::kSamples;
  std::size_t next_place = 0;
  std::size_t samples_made = 0;

  bool is_taken() const { return next_place == positions.size(); }
  bool is_ready() const { return stage == Stage::kReady; }
};

// What a thread does next: prefetch `ahead`, or finish a batch, or make a sample of it.
struct FeedEngine::Work {
  std::shared_ptr<Batch> batch;
  bool finishes = false;
  std::size_t place = 0;
  PositionRange ahead;
};

FeedEngine::FeedEngine(std::shared_ptr<const SampleSource> source, FeedOptions options,
                       ForeignDecoder foreign_decoder, std::shared_ptr<Gpu> gpu)
    : options_(std::move(options)),
      reader_(std::move(source), options_, std::move(foreign_decoder), &times_),
      maker_(gpu ? make_gpu_maker(std::move(gpu), &reader_) : make_cpu_maker(&reader_)),
      pool_(std::make_shared<SlotPool>(layout_of(options_), maker_->slot_factory())) {
  for (int i = 0; i < options_.num_threads; ++i)
    sample_makers_.push_back(maker_->make_sample_maker());
}

Status FeedEngine::start() {
  try {
    for (const auto& sample_maker : sample_makers_) {
      threads_.emplace_back([this, &sample_maker] { run(sample_maker.get()); });
    }
  } catch (const std::system_error& error) {
    if (threads_.empty()) {
      return {Fault::kOutOfMemory, std::string("no thread could be started: ") + error.what()};
    }
    // The system grants no more threads: those that there are do the work.
  }
  return {};
}

FeedEngine::~FeedEngine() { close(); }

void FeedEngine::run(SampleMaker* maker) {
  for (Work work; take(&work);) {
    if (!work.batch) {
      prefetch(work.ahead);
    } else if (work.finishes) {
      finish(work.batch.get());
    } else {
      make_sample(maker, work.batch.get(), work.place);
    }
    work.batch.reset();
  }
}

void FeedEngine::prefetch(const PositionRange& range) noexcept {
  const Stopwatch watch(&times_.read_nanoseconds);
  try {
    reader_.source().prefetch(range.first, range.last);
  } catch (const std::exception&) {
    // Errors are reported when the sample itself is read.
  }
}

void FeedEngine::make_sample(SampleMaker* maker, Batch* batch, std::size_t place) {
  batch->statuses[place] = status_of_call([&] {
    const Status status = maker->make(batch, place);
    return status.ok() ? status : status.at(reader_.source().describe(batch->positions[place]));
  });
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (++batch->samples_made < batch->positions.size()) return;
  }
  launch(batch);
}

void FeedEngine::launch(Batch* batch) {
  const Status status = status_of_call([&] { return maker_->launch(batch); });
  const bool is_done = !status.ok() || maker_->is_launch_done(*batch);
  if (!status.ok()) batch->slot->failure = status;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    batch->stage = is_done ? Batch::Stage::kFinishing : Batch::Stage::kLaunched;
  }
  if (is_done) {
    finish(batch);
  } else {
    work_ready_.notify_one();
  }
}

void FeedEngine::finish(Batch* batch) {
  if (batch->slot->failure.ok()) {
    const Status status = status_of_call([&] { return maker_->finish(batch); });
    if (!status.ok()) batch->slot->failure = status;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  batch->context.reset();
  batch->stage = Batch::Stage::kReady;
  batch_ready_.notify_all();
}

Status FeedEngine::submit(std::vector<std::int64_t> positions, std::uint32_t epoch) {
  const std::int64_t size = reader_.source().size();
  if (positions.empty() || static_cast<std::int64_t>(positions.size()) > options_.batch_size) {
    return {Fault::kBadArgument, "a batch of " + std::to_string(positions.size()) +
                                     " samples, wanted 1 to " +
                                     std::to_string(options_.batch_size)};
  }
  for (const std::int64_t position : positions) {
    if (position >= 0 && position < size) continue;
    return {Fault::kBadArgument, "position " + std::to_string(position) + " in a source of " +
                                     std::to_string(size) + " samples"};
  }
  auto batch = std::make_shared<Batch>();
  FASTPASS_RETURN_IF_ERROR(pool_->acquire(&batch->slot));
  batch->slot->clear();
  batch->statuses.resize(positions.size());
  batch->positions = std::move(positions);
  batch->epoch = epoch;
  FASTPASS_RETURN_IF_ERROR(maker_->begin(batch.get()));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) return {Fault::kClosed, "the loader is closed"};
    queue_.push_back(std::move(batch));
  }
  work_ready_.notify_all();
  return {};
}

Status FeedEngine::prefetch(const std::vector<PositionRange>& ranges) {
  const std::int64_t size = reader_.source().size();
  for (const PositionRange& range : ranges) {
    if (range.first >= 0 && range.first <= range.last && range.last <= size) continue;
    return {Fault::kBadArgument, "positions " + std::to_string(range.first) + " to " +
                                     std::to_string(range.last) + " in a source of " +
                                     std::to_string(size) + " samples"};
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) return {Fault::kClosed, "the loader is closed"};
    ahead_.insert(ahead_.end(), ranges.begin(), ranges.end());
  }
  work_ready_.notify_all();
  return {};
}

// A batch whose launch is done, or, with `may_wait`, one that has to be waited for.
bool FeedEngine::take_finish(bool may_wait, Work* work) {
  for (const std::shared_ptr<Batch>& batch : queue_) {
    if (batch->stage != Batch::Stage::kLaunched) continue;
    if (!may_wait && !maker_->is_launch_done(*batch)) return false;
    batch->stage = Batch::Stage::kFinishing;
    work->batch = batch;
    work->finishes = true;
    return true;
  }
  return false;
}

bool FeedEngine::take_sample(Work* work) {
  for (const std::shared_ptr<Batch>& batch : queue_) {
    if (batch->is_taken()) continue;
    work->place = batch->next_place++;
    work->batch = batch;
    work->finishes = false;
    return true;
  }
  return false;
}

// The oldest range to prefetch, else the oldest batch that can be finished, else the next sample
// of the oldest batch that has one; false when the engine closes.
bool FeedEngine::take(Work* work) {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (is_closed_) return false;
    if (!ahead_.empty()) {
      work->ahead = ahead_.front();
      ahead_.pop_front();
      return true;
    }
    if (take_finish(false, work) || take_sample(work) || take_finish(true, work)) return true;
    work_ready_.wait(lock);
  }
}

Status FeedEngine::wait(double timeout_seconds, std::shared_ptr<BatchSlot>* slot) {
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
  FASTPASS_RETURN_IF_ERROR(batch->slot->failure);
  *slot = std::move(batch->slot);
  return {};
}

void FeedEngine::cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  queue_.clear();
  ahead_.clear();
}

void FeedEngine::close() {
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
  sample_makers_.clear();
  pool_->close();
}

}  // namespace fastpass
