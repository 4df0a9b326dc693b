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
  explicit fastpass_pool(fastpass::Request wanted) : request(std::move(wanted)) {}

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

// Of one sample, in bytes: of the views, then of the operations' outputs.
std::vector<std::int64_t> sizes_of(const fastpass_worker& worker) {
  std::vector<std::int64_t> sizes;
  for (std::int32_t view = 0; view < fastpass_num_views(&worker); ++view) {
    sizes.push_back(fastpass_view_bytes(&worker, view));
  }
  for (std::int32_t output = 0; output < fastpass_num_op_outputs(&worker); ++output) {
    sizes.push_back(fastpass_get_op_output(&worker, output).num_bytes);
  }
  return sizes;
}

std::vector<std::uint8_t*> outputs_of(const std::vector<std::int64_t>& sizes,
                                      const std::int64_t* batches, std::int64_t place) {
  std::vector<std::uint8_t*> outputs;
  for (std::size_t output = 0; output < sizes.size(); ++output) {
    outputs.push_back(at_address<std::uint8_t>(batches[output]) + place * sizes[output]);
  }
  return outputs;
}

std::int32_t refuse_short(std::int64_t num_held, std::int64_t wanted, fastpass_report* report) {
  return fastpass::tell({fastpass::Fault::kBadPack,
                         "the file ends after " + std::to_string(num_held) + " of the sample's " +
                             std::to_string(wanted) + " bytes: it was cut off"},
                        report);
}

// As a pack has it.
std::int64_t sample_id(const std::uint8_t* key, std::int64_t key_bytes, std::int64_t row) {
  if (key_bytes == 0) return fastpass::sample_id_of(fastpass::beton_key(row));
  return fastpass::sample_id_of(
      {reinterpret_cast<const char*>(key), static_cast<std::size_t>(key_bytes)});
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
                                  std::int64_t batches, std::int64_t place,
                                  std::int64_t report_address) {
  fastpass_pool& pool = *at_address<fastpass_pool>(pool_address);
  fastpass_report& report = *at_address<fastpass_report>(report_address);
  report = {};
  std::unique_ptr<fastpass_worker> worker;
  fastpass::guarded(&report, [&]() -> fastpass::Status {
    worker = pool.take();
    return {};
  });
  if (worker == nullptr) return report.fault;
  const std::vector<std::int64_t> sizes = sizes_of(*worker);
  const std::vector<std::uint8_t*> outputs =
      outputs_of(sizes, at_address<const std::int64_t>(batches), place);
  const std::int64_t wanted = image_bytes + seek_bytes + key_bytes;
  if (num_held < wanted) {
    refuse_short(num_held, wanted, &report);
  } else {
    const std::uint8_t* bytes = at_address<const std::uint8_t>(file);
    const std::uint8_t* stored_key = bytes + image_bytes + seek_bytes;
    const fastpass_image image = {bytes, image_bytes, bytes + image_bytes, seek_bytes};
    const fastpass_key key = {pool.seed, sample_id(stored_key, key_bytes, row), pool.epoch};
    fastpass_render(worker.get(), &image, &key, outputs.data(), &report);
  }
  for (std::size_t output = 0; report.fault != 0 && output < outputs.size(); ++output) {
    std::memset(outputs[output], 0, static_cast<std::size_t>(sizes[output]));
  }
  pool.give_back(std::move(worker));
  return report.fault;
}
