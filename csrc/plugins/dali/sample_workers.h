// What the operators have in common: a worker per thread, inputs by sample, and faults.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core_functions.h"
#include "dali/pipeline/operator/operator.h"

namespace fastpass_dali {

using Input = dali::TensorList<dali::CPUBackend>;

// uint8 [bytes] per sample, as DALI's readers give them; throws std::invalid_argument else.
void check_encoded(const Input& input, const char* name);

// Input `index`, nullptr where there is none; throws std::invalid_argument if it is no bytes.
const Input* seek_indexes_of(const dali::Workspace& workspace, int index, int num_samples);

// `seek_indexes` may be nullptr, and empty for a sample without one.
fastpass_image image_of(const Input& encoded, const Input* seek_indexes, int sample);

// A whole number of whichever type; throws std::invalid_argument for what is none.
std::int64_t integer_of(const Input& input, int sample, const char* name);

// A number of an argument that is the same for all samples or has one for each.
std::int64_t integer_argument(const dali::OpSpec& spec, const dali::ArgumentWorkspace& workspace,
                              const char* name, int sample);

// Where a sample is, for messages: its place, and the file where DALI's reader has told it.
std::string place_of(const Input& encoded, int sample);

// Throws what DALI passes on to Python, with the name of the fault, if the report has one.
void raise_if_fault(const fastpass_report& report, const std::string& place);

// One worker per thread of DALI's pool. They know the same request.
class SampleWorkers {
 public:
  // Throws for a wrong request.
  explicit SampleWorkers(std::string request);

  // For questions from the thread that owns the operator.
  fastpass_worker* first() const { return workers_.front().get(); }

  // Calls `make(worker, sample, report)` for every encoded sample in the pool, and returns the
  // reports.
  using Make = std::function<void(fastpass_worker*, int, fastpass_report*)>;
  std::vector<fastpass_report>& run(dali::ThreadPool& pool, const Input& encoded, const Make& make);

 private:
  struct Free {
    void operator()(fastpass_worker* worker) const { core().worker_free(worker); }
  };
  void add_worker();

  const std::string request_;
  std::vector<std::unique_ptr<fastpass_worker, Free>> workers_;  // [thread]
  std::vector<fastpass_report> reports_;                         // [sample]
};

}  // namespace fastpass_dali
