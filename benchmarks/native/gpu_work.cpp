// What a batch of photos asks of a GPU and of its host, without a GPU:
//
//   cmake --workflow --preset dev; build/dev/benchmarks/native/gpu_work FOLDER
//
// Lanes and bits per lane of the entropy decoding, rounds that lanes need to agree, and the time of
// one CPU thread for planning an image, for queueing it (its bytes into pinned memory), and for
// queueing its DINO views.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "augment/draw_view.h"
#include "augment/gpu/batch_renderer.h"
#include "common/gpu/device_twin.h"
#include "common/gpu/shuffled.h"
#include "decode/gpu/batch_decoder.h"
#include "decode/seek_scan.h"

namespace fastpass {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct CountedScans {
  static constexpr int kLanes = DecodeScans::kLanes;
  DecodeScans scans;
  int* num_steps;

  std::int64_t shared_bytes() const { return scans.shared_bytes(); }
  bool has_step(int block, int step, const std::uint8_t* shared) const {
    *num_steps = step;
    return scans.has_step(block, step, shared);
  }
  void run(int block, int step, int lane, std::uint8_t* shared) const {
    scans.run(block, step, lane, shared);
  }
};

// Decodes where it is asked to, and counts.
class CountingKernels : public DecodeKernels {
 public:
  Status run(const DecodePasses& passes, Stream) override {
    num_spans += passes.num_spans;
    if (!decodes_scans) return {};
    ShuffledLanes lanes(1);
    for (int block = 0; block < passes.num_scans; ++block) {
      int num_steps = 0;
      CountedScans counted{passes.scans, &num_steps};
      counted.scans.scan_images += block;
      lanes.run(1, counted);
      rounds.push_back(num_steps - 4);  // clearing, guessing, sums, storing
    }
    return {};
  }

  bool decodes_scans = false;
  std::int64_t num_spans = 0;
  std::vector<int> rounds;
};

// A GPU copies and clears by itself: no time of the host's. Until it is asked to.
class QuietDevice : public TwinDevice {
 public:
  Status copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream) override {
    return works ? TwinDevice::copy_to_device(to, from, bytes, stream) : Status();
  }
  Status clear(void* memory, std::size_t bytes, Stream stream) override {
    return works ? TwinDevice::clear(memory, bytes, stream) : Status();
  }

  bool works = false;
};

class NoRendering : public RenderKernels {
 public:
  Status run(const RenderPasses&, Stream) override { return {}; }
};

struct Photo {
  Bytes jpeg;
  Bytes index;
};

Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

double microseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
      .count();
}

void print_views(Device* device, const std::vector<std::unique_ptr<ImagePlan>>& plans) {
  NoRendering nothing;
  BatchRenderer renderer(device, &nothing);
  std::vector<ViewSpec> specs(10);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    specs[i].size = i < 2 ? 224 : 96;
    specs[i].jitter_probability = 0.8;
    specs[i].brightness = specs[i].contrast = 0.4;
    specs[i].blur_probability = 0.5;
  }
  std::uint8_t pixel = 0;
  double best = 1e30;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<ViewTask> tasks;
    for (std::size_t i = 0; i < plans.size(); ++i) {
      const CropBox& crop = plans[i]->crop;
      const SourceRegion region =
          whole_image({&pixel, crop.height, crop.width, 3, std::ptrdiff_t{3} * crop.width});
      for (std::size_t view = 0; view < specs.size(); ++view) {
        ViewTask task = {region, &specs[view], {}, &pixel};
        const auto id = static_cast<std::uint16_t>(view);
        if (!draw_view(specs[view], crop.height, crop.width, {1, i, 0, id}, &task.params).ok())
          return;
        tasks.push_back(task);
      }
    }
    if (!renderer.queue(tasks, ViewFormat(), nullptr).ok()) return;
    best = std::min(best, microseconds_since(start));
  }
  std::printf("DINO views: drawing and queueing %.1f us per image\n",
              best / static_cast<double>(plans.size()));
}

void print_decoding(const std::vector<Photo>& photos, bool has_index) {
  QuietDevice device;
  CountingKernels kernels;
  BatchDecoder decoder(&device, &kernels);
  ImagePlanner planner;
  std::vector<std::unique_ptr<ImagePlan>> plans;
  for (std::size_t i = 0; i < photos.size(); ++i) plans.push_back(std::make_unique<ImagePlan>());
  const std::vector<std::uint8_t*> outputs(photos.size(), nullptr);
  double best_plan = 1e30, best_queue = 1e30;
  std::vector<const ImagePlan*> planned;
  for (int repeat = 0; repeat < 5; ++repeat) {
    auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < photos.size(); ++i) {
      DecodeOptions options;
      options.is_seek_index_verified = true;
      if (has_index) options.seek_index = span_of(photos[i].index);
      if (!planner.plan(span_of(photos[i].jpeg), options, plans[i].get()).ok()) return;
    }
    best_plan = std::min(best_plan, microseconds_since(start));
    planned.clear();
    for (const auto& plan : plans) planned.push_back(plan.get());
    kernels.num_spans = 0;
    start = std::chrono::steady_clock::now();
    if (!decoder.queue(planned, outputs, nullptr).ok()) return;
    best_queue = std::min(best_queue, microseconds_since(start));
  }
  std::int64_t num_bytes = 0, num_parts = 0, num_scans = 0;
  for (const ImagePlan* plan : planned) {
    num_bytes += plan->image.data_size;
    num_parts += plan->coding == PlannedCoding::kScan ? plan->image.num_parts : 0;
    num_scans += plan->coding == PlannedCoding::kScan;
  }
  const auto count = static_cast<double>(photos.size());
  const double lanes = static_cast<double>(kernels.num_spans + num_parts);
  std::printf(
      "%s: %.0f bytes, %.0f lanes per image, %.0f bits per lane; one thread: planning %.1f us,"
      " queueing %.1f us per image\n",
      has_index ? "indexed" : "no index", static_cast<double>(num_bytes) / count, lanes / count,
      8.0 * static_cast<double>(num_bytes) / lanes, best_plan / count, best_queue / count);
  if (has_index) return print_views(&device, plans);
  kernels.decodes_scans = device.works = true;
  if (!decoder.queue(planned, outputs, nullptr).ok()) return;
  int num_given_up = 0;
  for (std::size_t i = 0; i < photos.size(); ++i) {
    num_given_up += decoder.is_given_up(static_cast<int>(i));
  }
  std::vector<int>& rounds = kernels.rounds;
  std::sort(rounds.begin(), rounds.end());
  double sum = 0;
  for (const int value : rounds) sum += value;
  if (rounds.empty()) return;
  std::printf("  %d scans: rounds to agree: mean %.1f, median %d, most %d; %d given up\n",
              static_cast<int>(num_scans), sum / static_cast<double>(rounds.size()),
              rounds[rounds.size() / 2], rounds.back(), num_given_up);
}

}  // namespace
}  // namespace fastpass

int main(int argc, char** argv) {
  using fastpass::Photo;
  if (argc != 2) return std::fprintf(stderr, "usage: gpu_work FOLDER\n"), 2;
  std::vector<Photo> photos;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[1])) {
    if (!entry.is_regular_file()) continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    Photo photo;
    photo.jpeg.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    const bool is_built =
        fastpass::build_seek_index(fastpass::span_of(photo.jpeg), &photo.index).ok();
    if (is_built && !photo.index.empty()) photos.push_back(std::move(photo));
  }
  if (photos.empty()) return std::fprintf(stderr, "no photos with an index there\n"), 1;
  std::printf("%zu photos\n", photos.size());
  fastpass::print_decoding(photos, true);
  fastpass::print_decoding(photos, false);
  return 0;
}
