// The engine on a device that does everything as late as it may (lazy_device.h), against the engine
// on the CPU: the same batches, whatever was in their memory before.
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "feed/feed_engine.h"
#include "feed/gpu_slot.h"
#include "support/check.h"
#include "support/lazy_gpu.h"
#include "support/made_jpeg.h"

namespace fastpass {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Sound files, progressive ones, damaged ones, and one that no decoder knows.
class MadeSource : public SampleSource {
 public:
  explicit MadeSource(int count, bool has_damage) {
    for (int i = 0; i < count; ++i) {
      fastpass_test::MadeJpeg made;
      made.width = 60 + i % 7 * 8;
      made.height = 50 + i % 5 * 9;
      made.seed = static_cast<unsigned int>(i + 1);
      made.is_progressive = i % 6 == 3;
      files_.push_back(fastpass_test::make_jpeg(made));
      Bytes& file = files_.back();
      if (has_damage && i % 5 == 2) file.resize(file.size() * 3 / 4);
      if (has_damage && i % 11 == 7) file.assign(50, 'x');
    }
  }
  std::int64_t size() const override { return static_cast<std::int64_t>(files_.size()); }
  std::int64_t sample_id(std::int64_t position) const override { return position + 1000; }
  std::int64_t label(std::int64_t) const override { return -1; }
  std::string describe(std::int64_t position) const override {
    return "file " + std::to_string(position);
  }
  Status fetch(std::int64_t position, EncodedSample* sample) const override {
    const Bytes& file = files_[static_cast<std::size_t>(position)];
    sample->owned = file;
    sample->bytes = {sample->owned.data(), file.size()};
    sample->seek_index = {};
    return {};
  }
  Status read(std::int64_t position, EncodedSample* sample) const override {
    return fetch(position, sample);
  }
  void prefetch(std::int64_t, std::int64_t) const override {}

 private:
  std::vector<Bytes> files_;
};

FeedOptions options_for(int num_threads) {
  FeedOptions options;
  ViewSpec spec;
  spec.size = 24;
  spec.jitter_probability = spec.blur_probability = 0.7;
  spec.brightness = spec.contrast = 0.4;
  options.sample.views = {spec, spec};
  options.sample.views[1].size = 17;
  options.batch_size = 6;
  options.num_threads = num_threads;
  options.skip_damaged = true;
  return options;
}

using Lazy = fastpass_test::LazyGpu;

Status refuse(Span, const DecodeOptions&, PixelBuffer*) {
  return {Fault::kUnsupportedImage, "no picture"};
}

struct Seen {
  std::vector<std::int64_t> sample_ids;
  std::vector<std::string> skipped;
  Bytes views;

  bool operator==(const Seen& other) const {
    return sample_ids == other.sample_ids && skipped == other.skipped && views == other.views;
  }
};

void append(const BatchSlot& slot, const BatchLayout& layout, Seen* seen) {
  for (std::size_t view = 0; view < slot.views.size(); ++view) {
    const std::size_t bytes =
        layout.sample_bytes(view) * static_cast<std::size_t>(slot.num_samples);
    seen->views.insert(seen->views.end(), slot.views[view], slot.views[view] + bytes);
  }
}

Seen describe(const BatchSlot& slot) {
  Seen seen;
  seen.sample_ids = slot.sample_ids;
  for (const SkippedSample& sample : slot.skipped) {
    seen.skipped.push_back(std::to_string(sample.sample_id) + " " + sample.reason.message());
  }
  return seen;
}

std::vector<std::vector<std::int64_t>> positions_of(int epoch, std::int64_t size) {
  std::vector<std::vector<std::int64_t>> batches;
  for (std::int64_t first = 0; first < size; first += 6) {
    batches.emplace_back();
    for (std::int64_t i = first; i < first + 6 && i < size; ++i) {
      batches.back().push_back((i * 7 + epoch) % size);
    }
  }
  return batches;
}

constexpr int kEpochs = 3;
constexpr int kAhead = 2;

// One kernel of the consumer per batch: it reads the views when the device gets to it, long after
// the batch was given back.
std::vector<Seen> run(const std::shared_ptr<MadeSource>& source, int num_threads, Lazy* lazy) {
  FeedEngine engine(source, options_for(num_threads), refuse, lazy ? lazy->gpu : nullptr);
  CHECK(engine.start().ok());
  std::vector<std::unique_ptr<Seen>> all;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const auto batches = positions_of(epoch, source->size());
    std::size_t submitted = 0;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      for (; submitted < batches.size() && submitted <= i + kAhead; ++submitted) {
        CHECK(engine.submit(batches[submitted], static_cast<std::uint32_t>(epoch)).ok());
      }
      std::shared_ptr<BatchSlot> slot;
      CHECK(engine.wait(100.0, &slot).ok());
      if (!slot) return {};
      all.push_back(std::make_unique<Seen>(describe(*slot)));
      Seen* seen = all.back().get();
      const BatchLayout& layout = engine.layout();
      if (lazy == nullptr) {
        append(*slot, layout, seen);
        continue;
      }
      auto& on_gpu = static_cast<GpuSlot&>(*slot);
      CHECK(on_gpu.hand_out(lazy->consumer).ok());
      // Copies of what the slot is now: it is another batch's soon.
      const auto views = slot->views;
      const auto num_samples = slot->num_samples;
      lazy->device->run(lazy->consumer, [=] {
        BatchSlot shown;
        shown.views = views;
        shown.num_samples = num_samples;
        append(shown, layout, seen);
      });
      on_gpu.release();
    }
  }
  if (lazy != nullptr) {
    CHECK(lazy->device->record(lazy->seen, lazy->consumer).ok());
    CHECK(lazy->device->synchronize(lazy->seen).ok());
    // What is ahead, in the consumer's hands and given back.
    CHECK(engine.num_slots() <= kAhead + 2);
  }
  std::vector<Seen> result;
  for (const auto& seen : all) result.push_back(*seen);
  return result;
}

void test_batches_equal_the_cpus() {
  for (const bool has_damage : {false, true}) {
    const auto source = std::make_shared<MadeSource>(33, has_damage);
    const std::vector<Seen> expected = run(source, 1, nullptr);
    CHECK(expected.size() == std::size_t{6} * kEpochs);
    std::size_t num_skipped = 0;
    for (const Seen& seen : expected) num_skipped += seen.skipped.size();
    CHECK((num_skipped > 0) == has_damage);
    for (const int num_threads : {1, 2, 3}) {
      Lazy lazy;
      CHECK(run(source, num_threads, &lazy) == expected);
    }
  }
}

// Batches that nobody waits for leave nothing behind that a later one could meet.
void test_cancelled_batches() {
  const auto source = std::make_shared<MadeSource>(33, true);
  Lazy lazy;
  FeedEngine engine(source, options_for(2), refuse, lazy.gpu);
  CHECK(engine.start().ok());
  const std::vector<std::int64_t> wanted = {5, 6, 8};
  std::vector<Bytes> seen;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i <= round % 3; ++i) CHECK(engine.submit({i, i + 3, i + 9}, 0).ok());
    // Time for some of them to be finished, rendered views on their way.
    std::this_thread::sleep_for(std::chrono::milliseconds(round * 3));
    engine.cancel();
    CHECK(engine.submit(wanted, 7).ok());
    std::shared_ptr<BatchSlot> slot;
    CHECK(engine.wait(100.0, &slot).ok());
    auto& on_gpu = static_cast<GpuSlot&>(*slot);
    CHECK(on_gpu.hand_out(lazy.consumer).ok());
    CHECK(lazy.device->record(lazy.seen, lazy.consumer).ok());
    CHECK(lazy.device->synchronize(lazy.seen).ok());
    for (int look = 0; look < 2; ++look) {
      Seen now;
      append(*slot, engine.layout(), &now);
      seen.push_back(now.views);
      lazy.device->run_all();  // what was forgotten is not written over it
    }
    on_gpu.release();
  }
  for (const Bytes& views : seen) CHECK(views == seen.front());
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_batches_equal_the_cpus();
  fastpass::test_cancelled_batches();
  return RESULT();
}
