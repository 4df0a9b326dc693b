// What the functions of c_api.h and gpu_api.h have in common: no exception leaves them, and what
// went wrong stands in a report.
#pragma once

#include <cstdint>
#include <exception>
#include <new>

#include "common/status.h"
#include "plugins/c_api.h"
#include "plugins/worker.h"

struct fastpass_worker {
  fastpass::PluginWorker worker;
};

namespace fastpass {

// Returns the fault.
std::int32_t tell(const Status& status, fastpass_report* report);

PluginImage image_of(const fastpass_image& image);
DrawKey key_of(const fastpass_key& key);
Status read_region(const fastpass_region& region, DecodeOptions* options);

// Runs what returns a Status.
template <typename Call>
std::int32_t guarded(fastpass_report* report, const Call& call) {
  try {
    return tell(call(), report);
  } catch (const std::bad_alloc&) {
    return tell({Fault::kOutOfMemory, "an allocation failed"}, report);
  } catch (const std::exception& error) {
    return tell({Fault::kOutOfMemory, error.what()}, report);
  }
}

// The same for a worker that is timed.
template <typename Call>
std::int32_t timed(fastpass_worker* worker, fastpass_report* report, const Call& call) {
  StageTimes& times = worker->worker.times();
  times.decode_nanoseconds = 0;
  times.augment_nanoseconds = 0;
  const std::int32_t fault = guarded(report, call);
  report->decode_nanoseconds = times.decode_nanoseconds;
  report->augment_nanoseconds = times.augment_nanoseconds;
  return fault;
}

}  // namespace fastpass
