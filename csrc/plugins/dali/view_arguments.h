// The arguments of fn.fastpass.multi_crop, on the CPU and on a GPU.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core_functions.h"
#include "dali/pipeline/operator/operator.h"

namespace fastpass_dali {

// What is the same for all batches.
struct ViewArguments {
  // Throws std::invalid_argument for values that mean nothing.
  explicit ViewArguments(const dali::OpSpec& spec);

  const char* layout() const { return is_channels_last ? "HWC" : "CHW"; }
  // Of the outputs of a batch.
  dali::OutputDesc view(int num_samples, std::int64_t size) const;
  static dali::OutputDesc op_output(int num_samples, const fastpass_op_output& made);
  static dali::OutputDesc reports(int num_samples);

  dali::DALIDataType type;
  bool is_channels_last;
  bool has_reports;
  std::string request;  // for fastpass
};

// One per view, one per output of the operations on them, and one more for reports.
int count_outputs(const dali::OpSpec& spec);

// [sample], from the second input and the arguments seed and epoch.
std::vector<fastpass_key> keys_of(const dali::OpSpec& spec, const dali::Workspace& workspace,
                                  int num_samples);

// Throws what DALI passes on to Python, for the first sample with a fault.
void raise_first_fault(const std::vector<fastpass_report>& reports,
                       const dali::TensorList<dali::CPUBackend>& encoded,
                       const std::vector<fastpass_key>& keys);

}  // namespace fastpass_dali
