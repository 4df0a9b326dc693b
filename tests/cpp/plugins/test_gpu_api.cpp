// Batches of a plug-in on a device that does everything as late as it may: their views and pixels
// are those of the CPU, whatever the consumer's stream does before and after.
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "plugins/gpu_api.h"
#include "plugins/provided.h"
#include "support/check.h"
#include "support/lazy_gpu.h"
#include "support/made_jpeg.h"

namespace {

using Bytes = std::vector<std::uint8_t>;
using fastpass::Status;
using fastpass_test::LazyGpu;

constexpr int kNumSamples = 6;
constexpr char kRequest[] =
    "dtype float16\nview\nsize 24\njitter_probability 0.8\nbrightness 0.4\ncontrast 0.4\n"
    "blur_probability 0.5\nview\nsize 17\n";
constexpr fastpass_region kRegion = {3, 2, 40, 30, 1};

// Sound files, progressive ones, and in odd batches a damaged one.
std::vector<Bytes> make_files(int batch) {
  std::vector<Bytes> files;
  for (int i = 0; i < kNumSamples; ++i) {
    fastpass_test::MadeJpeg made;
    made.width = 60 + i * 8;
    made.height = 50 + batch % 3 * 9;
    made.seed = static_cast<unsigned int>(batch * kNumSamples + i + 1);
    made.is_progressive = i == 3;
    files.push_back(fastpass_test::make_jpeg(made));
  }
  if (batch % 2 == 1) files[2].resize(files[2].size() * 3 / 4);
  return files;
}

fastpass_image image_of(const Bytes& bytes) {
  return {bytes.data(), static_cast<std::int64_t>(bytes.size()), nullptr, 0};
}

fastpass_key key_of(int batch, int sample) { return {7, sample - 2, static_cast<unsigned>(batch)}; }

// What a batch should be, and what it is: memory of the GPU, and a copy that the consumer's stream
// makes when it gets there.
struct Output {
  Bytes wanted, on_gpu, copied;

  explicit Output(std::size_t bytes) : wanted(bytes), on_gpu(bytes, 0xA5), copied(bytes, 0xA5) {}
};

struct Fixture {
  LazyGpu lazy;
  fastpass_worker* worker = nullptr;
  fastpass_gpu_batch* batches[2] = {};

  explicit Fixture(const char* request) {
    fastpass::set_plugin_gpus([this](int, std::shared_ptr<fastpass::Gpu>* gpu) {
      *gpu = lazy.gpu;
      return Status();
    });
    fastpass_report report;
    worker = fastpass_worker_new(request, &report);
    for (auto& batch : batches) batch = fastpass_gpu_batch_new(request, 0, &report);
    CHECK(worker != nullptr && batches[0] != nullptr && batches[1] != nullptr);
  }
  ~Fixture() {
    for (auto* batch : batches) fastpass_gpu_batch_free(batch);
    fastpass_worker_free(worker);
  }

  // What DALI may have queued before it gave out the memory, and what it queues behind.
  void scribble(Output* output) {
    lazy.device->run(lazy.consumer,
                     [output] { std::memset(output->on_gpu.data(), 0x5A, output->on_gpu.size()); });
  }
  void copy(Output* output) {
    CHECK(lazy.device
              ->copy_to_host(output->copied.data(), output->on_gpu.data(), output->on_gpu.size(),
                             lazy.consumer)
              .ok());
  }
  void finish() {
    CHECK(lazy.device->record(lazy.seen, lazy.consumer).ok());
    CHECK(lazy.device->synchronize(lazy.seen).ok());
  }
};

void check_reports(const std::vector<fastpass_report>& got,
                   const std::vector<fastpass_report>& wanted) {
  for (std::size_t sample = 0; sample < wanted.size(); ++sample) {
    CHECK(got[sample].fault == wanted[sample].fault);
    CHECK(got[sample].byte_offset == wanted[sample].byte_offset);
    CHECK(std::string(got[sample].message) == wanted[sample].message);
  }
}

void render_batch(Fixture* fixture, int number, std::vector<std::unique_ptr<Output>>* outputs) {
  const std::vector<Bytes> files = make_files(number);
  fastpass_worker* worker = fixture->worker;
  fastpass_gpu_batch* batch = fixture->batches[number % 2];
  Output* views[2] = {};
  for (int view = 0; view < 2; ++view) {
    const auto bytes = static_cast<std::size_t>(kNumSamples * fastpass_view_bytes(worker, view));
    outputs->push_back(std::make_unique<Output>(bytes));
    views[view] = outputs->back().get();
    fixture->scribble(views[view]);
  }
  std::vector<fastpass_report> wanted(kNumSamples);
  fastpass_report report;
  CHECK(fastpass_gpu_begin(batch, kNumSamples, &report) == 0);
  for (int sample = 0; sample < kNumSamples; ++sample) {
    const auto place = static_cast<std::size_t>(sample);
    const fastpass_image image = image_of(files[place]);
    const fastpass_key key = key_of(number, sample);
    fastpass_gpu_plan(batch, worker, sample, &image, &key, &report);
    std::uint8_t* memory[2];
    for (int view = 0; view < 2; ++view) {
      memory[view] = views[view]->wanted.data() + sample * fastpass_view_bytes(worker, view);
    }
    if (fastpass_render(worker, &image, &key, memory, &wanted[place]) == 0) continue;
    for (int view = 0; view < 2; ++view) {
      std::memset(memory[view], 0, static_cast<std::size_t>(fastpass_view_bytes(worker, view)));
    }
  }
  std::vector<fastpass_report> reports(kNumSamples);
  std::uint8_t* const memory[2] = {views[0]->on_gpu.data(), views[1]->on_gpu.data()};
  CHECK(fastpass_gpu_render(batch, memory, fixture->lazy.consumer, reports.data(), &report) == 0);
  check_reports(reports, wanted);
  for (Output* view : views) {
    fixture->copy(view);
    fixture->scribble(view);
  }
}

void test_views_are_those_of_the_cpu() {
  Fixture fixture(kRequest);
  std::vector<std::unique_ptr<Output>> outputs;
  for (int number = 0; number < 9; ++number) render_batch(&fixture, number, &outputs);
  fixture.finish();
  for (const auto& output : outputs) CHECK(output->copied == output->wanted);
}

void decode_batch(Fixture* fixture, int number, std::vector<std::unique_ptr<Output>>* outputs) {
  const std::vector<Bytes> files = make_files(number);
  fastpass_gpu_batch* batch = fixture->batches[number % 2];
  fastpass_report report;
  CHECK(fastpass_gpu_begin(batch, kNumSamples, &report) == 0);
  std::vector<std::uint8_t*> memory;
  for (int sample = 0; sample < kNumSamples; ++sample) {
    const fastpass_image image = image_of(files[static_cast<std::size_t>(sample)]);
    outputs->push_back(std::make_unique<Output>(std::size_t{3} * 40 * 30));
    Output* output = outputs->back().get();
    fixture->scribble(output);
    CHECK(fastpass_decode(fixture->worker, &image, &kRegion, output->wanted.data(),
                          static_cast<std::int64_t>(output->wanted.size()), &report) == 0);
    CHECK(fastpass_gpu_plan_decoding(batch, fixture->worker, sample, &image, &kRegion, &report) ==
          0);
    memory.push_back(output->on_gpu.data());
  }
  std::vector<fastpass_report> reports(kNumSamples);
  CHECK(fastpass_gpu_decode(batch, memory.data(), fixture->lazy.consumer, reports.data(),
                            &report) == 0);
  for (const fastpass_report& of_sample : reports) CHECK(of_sample.fault == 0);
  for (std::size_t i = outputs->size() - kNumSamples; i < outputs->size(); ++i) {
    fixture->copy((*outputs)[i].get());
    fixture->scribble((*outputs)[i].get());
  }
}

void test_pixels_are_those_of_the_cpu() {
  Fixture fixture("on_damage fill\n");  // damaged ones are decoded on the CPU and sent
  std::vector<std::unique_ptr<Output>> outputs;
  for (int number = 0; number < 9; ++number) decode_batch(&fixture, number, &outputs);
  fixture.finish();
  for (const auto& output : outputs) CHECK(output->copied == output->wanted);
}

}  // namespace

int main() {
  test_views_are_those_of_the_cpu();
  test_pixels_are_those_of_the_cpu();
  return RESULT();
}
