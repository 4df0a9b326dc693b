// The decode benchmark's loop over fastpass backends, loaded by native_decode.py.
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/native/decode_job.h"
#include "common/parallel_for.h"
#include "common/xxhash64.h"
#include "decode/decoder_registry.h"

namespace {

using fastpass::Span;

struct Worker {
  std::unique_ptr<fastpass::Decoder> decoder;
  fastpass::PixelBuffer pixels;
};

// Kept from pass to pass, as a loader keeps them: no pass pays for growing buffers.
std::vector<Worker>& workers_of(const std::string& backend, int num_threads) {
  static std::map<std::string, std::vector<Worker>> all;
  std::vector<Worker>& workers = all[backend];
  while (workers.size() < static_cast<std::size_t>(num_threads)) {
    workers.push_back({fastpass::make_decoder(backend), {}});
  }
  return workers;
}

fastpass::Status decode(Worker* worker, const DecodeJob& job) {
  if (!worker->decoder) return {fastpass::Fault::kBadArgument, "no decoder of that name"};
  fastpass::DecodeOptions options;
  if (job.height > 0) options.crop = fastpass::CropBox{job.top, job.left, job.height, job.width};
  options.scale_denominator = job.scale_denominator;
  options.seek_index = {job.index, job.index_size};
  options.is_seek_index_verified = true;  // as a pack reader, which checked both when it opened
  return worker->decoder->decode({job.jpeg, job.jpeg_size}, options, &worker->pixels);
}

std::uint64_t digest(const fastpass::ImageView& view) {
  const auto size = static_cast<std::size_t>(view.height) * static_cast<std::size_t>(view.width);
  return fastpass::xxhash64(Span{view.data, 3 * size});
}

}  // namespace

extern "C" {

// One pass over all jobs. digests: XXH64 of every job's pixels, where wanted; such a pass is not
// for timing.
__attribute__((visibility("default"))) void decode_pass(const char* backend, const DecodeJob* jobs,
                                                        std::int32_t num_jobs,
                                                        std::int32_t num_threads,
                                                        std::uint64_t* digests,
                                                        PassResult* result) {
  std::vector<Worker>& workers = workers_of(backend, num_threads);
  std::vector<fastpass::Status> statuses(static_cast<std::size_t>(num_jobs));
  const auto run = [&](std::int64_t index, int thread) {
    const auto i = static_cast<std::size_t>(index);
    Worker& worker = workers[static_cast<std::size_t>(thread)];
    statuses[i] = decode(&worker, jobs[i]);
    if (digests != nullptr && statuses[i].ok()) digests[i] = digest(worker.pixels.view());
  };
  const double begin = thread_seconds();
  if (num_threads == 1) {
    for (std::int32_t i = 0; i < num_jobs; ++i) run(i, 0);
  } else {
    fastpass::parallel_for(num_jobs, num_threads, run);
  }
  result->seconds = thread_seconds() - begin;
  result->failed = -1;
  for (std::int32_t i = num_jobs - 1; i >= 0; --i) {
    const fastpass::Status& status = statuses[static_cast<std::size_t>(i)];
    if (status.ok()) continue;
    result->failed = i;
    std::snprintf(result->message, sizeof(result->message), "%s", status.message().c_str());
  }
}

// Cycles per nanosecond, from a chain of dependent additions: one cycle each on every processor.
__attribute__((visibility("default"))) double clock_ghz() {
  constexpr std::int64_t kAdditions = 20'000'000;
  std::uint64_t sum = 0;
  std::uint64_t step = 3;
  const double begin = thread_seconds();
  for (std::int64_t i = 0; i < kAdditions; i += 10) {
    for (int unrolled = 0; unrolled < 10; ++unrolled) {
      sum += step;
      __asm__ volatile("" : "+r"(sum), "+r"(step));  // the compiler may not add them up itself
    }
  }
  return 1e-9 * static_cast<double>(kAdditions) / (thread_seconds() - begin);
}
}
