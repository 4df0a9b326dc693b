// The functions of pool_api.h.
#include "plugins/ffcv/pool_api.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "pack/naming.h"
#include "plugins/calls.h"

struct fastpass_pool {
  explicit fastpass_pool(fastpass::Request wanted) : request(std::move(wanted)) {
    for (const fastpass::ViewSpec& view : request.sample.views) {
      sizes.push_back(fastpass::view_bytes(view.size, request.format.dtype));
    }
    for (const fastpass::RequestOutput& output : request.op_outputs) {
      sizes.push_back(output.bytes);
    }
  }

  std::unique_ptr<fastpass_worker> take() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!free_workers.empty()) {
        std::unique_ptr<fastpass_worker> worker = std::move(free_workers.back());
        free_workers.pop_back();
        return worker;
      }
    }
    return std::unique_ptr<fastpass_worker>(new fastpass_worker{fastpass::PluginWorker(request)});
  }
  void give_back(std::unique_ptr<fastpass_worker> worker) {
    const std::lock_guard<std::mutex> lock(mutex);
    free_workers.push_back(std::move(worker));
  }

  const fastpass::Request request;
  std::vector<std::size_t> sizes;  // of one sample, bytes: of each view, then of each output
  std::atomic<std::uint64_t> seed{0};
  std::atomic<std::uint32_t> epoch{0};
  std::mutex mutex;  // of free_workers
  std::vector<std::unique_ptr<fastpass_worker>> free_workers;
};

namespace {

template <typename Value>
Value* at_address(std::int64_t address) {
  return reinterpret_cast<Value*>(static_cast<std::intptr_t>(address));
}

// Where a sample lies in memory, as its row of the file says.
struct Stored {
  const std::uint8_t* bytes;
  std::int64_t num_held, image_bytes, seek_bytes, key_bytes;

  // The lengths are as damaged as the file may be: no sum of them is taken.
  bool is_whole() const {
    if (image_bytes < 0 || seek_bytes < 0 || key_bytes < 0) return false;
    if (image_bytes > num_held) return false;
    const std::int64_t behind = num_held - image_bytes;
    return seek_bytes <= behind && key_bytes <= behind - seek_bytes;
  }
};

fastpass::Status refuse_short(const Stored& stored) {
  return {fastpass::Fault::kBadPack,
          "the file ends after " + std::to_string(stored.num_held) +
              " bytes of the sample, which has " + std::to_string(stored.image_bytes) +
              " of the image, " + std::to_string(stored.seek_bytes) + " of its seek index and " +
              std::to_string(stored.key_bytes) + " of its key: it was cut off or is damaged"};
}

// As a pack has it.
std::int64_t sample_id(const Stored& stored, std::int64_t row) {
  if (stored.key_bytes == 0) return fastpass::sample_id_of(fastpass::beton_key(row));
  const std::uint8_t* key = stored.bytes + stored.image_bytes + stored.seek_bytes;
  return fastpass::sample_id_of(
      {reinterpret_cast<const char*>(key), static_cast<std::size_t>(stored.key_bytes)});
}

// Throws std::bad_alloc.
fastpass::Status render(fastpass_pool& pool, const Stored& stored, std::int64_t row,
                        const std::int64_t* batches, std::size_t place, fastpass_report* report) {
  if (!stored.is_whole()) return refuse_short(stored);
  std::vector<std::uint8_t*> outputs;
  for (std::size_t output = 0; output < pool.sizes.size(); ++output) {
    outputs.push_back(at_address<std::uint8_t>(batches[output]) + place * pool.sizes[output]);
  }
  const fastpass_image image = {stored.bytes, stored.image_bytes, stored.bytes + stored.image_bytes,
                                stored.seek_bytes};
  const fastpass_key key = {pool.seed, sample_id(stored, row), pool.epoch};
  std::unique_ptr<fastpass_worker> worker = pool.take();
  fastpass_render(worker.get(), &image, &key, outputs.data(), report);
  pool.give_back(std::move(worker));
  return {};
}

}  // namespace

fastpass_pool* fastpass_pool_new(const char* request, fastpass_report* report) {
  fastpass_pool* made = nullptr;
  *report = {};
  fastpass::guarded(report, [&]() -> fastpass::Status {
    fastpass::Request read;
    FASTPASS_RETURN_IF_ERROR(fastpass::read_request(request, &read));
    made = new fastpass_pool(std::move(read));
    return {};
  });
  return made;
}

void fastpass_pool_free(fastpass_pool* pool) { delete pool; }

void fastpass_pool_begin(fastpass_pool* pool, std::uint64_t seed, std::uint32_t epoch) {
  pool->seed = seed;
  pool->epoch = epoch;
}

std::int64_t fastpass_pool_render(std::int64_t pool_address, std::int64_t file,
                                  std::int64_t num_held, std::int64_t image_bytes,
                                  std::int64_t seek_bytes, std::int64_t key_bytes, std::int64_t row,
                                  std::int64_t batches_address, std::int64_t place,
                                  std::int64_t report_address) {
  fastpass_pool& pool = *at_address<fastpass_pool>(pool_address);
  fastpass_report& report = *at_address<fastpass_report>(report_address);
  const auto* batches = at_address<const std::int64_t>(batches_address);
  const auto at = static_cast<std::size_t>(place);
  const Stored stored = {at_address<const std::uint8_t>(file), num_held, image_bytes, seek_bytes,
                         key_bytes};
  report = {};
  fastpass_report rendered = {};
  fastpass::guarded(&report, [&] { return render(pool, stored, row, batches, at, &rendered); });
  if (report.fault == 0) report = rendered;
  for (std::size_t output = 0; report.fault != 0 && output < pool.sizes.size(); ++output) {
    std::uint8_t* const batch = at_address<std::uint8_t>(batches[output]);
    std::memset(batch + at * pool.sizes[output], 0, pool.sizes[output]);
  }
  return report.fault;
}
