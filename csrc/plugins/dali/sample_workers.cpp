#include "sample_workers.h"

#include <cstdint>
#include <stdexcept>
#include <utility>

namespace fastpass_dali {
namespace {

template <typename Number>
std::int64_t first_of(const void* data) {
  return static_cast<std::int64_t>(*static_cast<const Number*>(data));
}

}  // namespace

void check_encoded(const Input& input, const char* name) {
  if (input.type() == DALI_UINT8 && input.sample_dim() == 1) return;
  throw std::invalid_argument(std::string("fastpass.BadArgument: ") + name +
                              " must be encoded bytes, uint8 of one dimension, as readers give "
                              "them; what came has the type " +
                              dali::to_string(input.type()) + " and " +
                              std::to_string(input.sample_dim()) + " dimensions");
}

const Input* seek_indexes_of(const dali::Workspace& workspace, int index, int num_samples) {
  if (workspace.NumInput() <= index) return nullptr;
  const Input& seek_indexes = workspace.Input<dali::CPUBackend>(index);
  if (num_samples > 0) check_encoded(seek_indexes, "the last input (seek indexes)");
  return &seek_indexes;
}

fastpass_image image_of(const Input& encoded, const Input* seek_indexes, int sample) {
  fastpass_image image = {static_cast<const std::uint8_t*>(encoded.raw_tensor(sample)),
                          encoded.tensor_shape(sample).num_elements(), nullptr, 0};
  if (seek_indexes != nullptr) {
    image.seek_index = static_cast<const std::uint8_t*>(seek_indexes->raw_tensor(sample));
    image.num_index_bytes = seek_indexes->tensor_shape(sample).num_elements();
  }
  return image;
}

std::int64_t integer_of(const Input& input, int sample, const char* name) {
  if (input.tensor_shape(sample).num_elements() == 1) {
    const void* data = input.raw_tensor(sample);
    switch (input.type()) {
      case DALI_INT64:
        return first_of<std::int64_t>(data);
      case DALI_UINT64:
        return first_of<std::uint64_t>(data);
      case DALI_INT32:
        return first_of<std::int32_t>(data);
      case DALI_UINT32:
        return first_of<std::uint32_t>(data);
      default:
        break;
    }
  }
  throw std::invalid_argument(std::string("fastpass.BadArgument: ") + name +
                              " must be one integer of 32 or 64 bits per sample; what came has "
                              "the type " +
                              dali::to_string(input.type()) + " and " +
                              std::to_string(input.tensor_shape(sample).num_elements()) +
                              " values");
}

std::int64_t integer_argument(const dali::OpSpec& spec, const dali::ArgumentWorkspace& workspace,
                              const char* name, int sample) {
  if (!spec.HasTensorArgument(name)) return spec.GetArgument<std::int64_t>(name);
  return integer_of(workspace.ArgumentInput(name), sample, name);
}

std::string place_of(const Input& encoded, int sample) {
  const std::string& source = encoded.GetMeta(sample).GetSourceInfo();
  return "sample " + std::to_string(sample) + " of the batch" +
         (source.empty() ? "" : " (" + source + ")");
}

void raise_if_fault(const fastpass_report& report, const std::string& place) {
  if (report.fault == 0) return;
  std::string text = std::string("fastpass.") + report.name + ": ";
  if (!place.empty()) text += place + ": ";
  text += report.message;
  if (report.byte_offset >= 0) text += " (byte " + std::to_string(report.byte_offset) + ")";
  throw std::runtime_error(text);
}

SampleWorkers::SampleWorkers(std::string request) : request_(std::move(request)) { add_worker(); }

void SampleWorkers::add_worker() {
  fastpass_report report;
  fastpass_worker* worker = core().worker_new(request_.c_str(), &report);
  if (worker == nullptr) raise_if_fault(report, "");
  workers_.emplace_back(worker);
}

std::vector<fastpass_report>& SampleWorkers::run(dali::ThreadPool& pool, const Input& encoded,
                                                 const Make& make) {
  const int num_samples = encoded.num_samples();
  while (workers_.size() < static_cast<std::size_t>(pool.NumThreads())) add_worker();
  reports_.assign(static_cast<std::size_t>(num_samples), fastpass_report());
  for (int sample = 0; sample < num_samples; ++sample) {
    const auto work = [this, sample, &make](int thread) {
      make(workers_[static_cast<std::size_t>(thread)].get(), sample,
           &reports_[static_cast<std::size_t>(sample)]);
    };
    // The largest first: the batch waits for the last one to end.
    pool.AddWork(work, encoded.tensor_shape(sample).num_elements());
  }
  pool.RunAll();
  return reports_;
}

}  // namespace fastpass_dali
