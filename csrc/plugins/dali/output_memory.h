// Memory for the outputs of an operator on the CPU.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "dali/pipeline/operator/operator.h"

namespace fastpass_dali {

// DALI takes new memory for every batch, and the system fills every page of it with zeros first:
// about 7 % of the time of a batch. This memory is used again once nobody holds the output.
class OutputMemory {
 public:
  OutputMemory();
  // Outputs that somebody holds stay valid.
  ~OutputMemory();

  // Gives output `index` of the workspace its shape and memory.
  void set_output(dali::Workspace& workspace, int index, const dali::OutputDesc& description,
                  const char* layout);

 private:
  class Pool;
  std::vector<std::shared_ptr<Pool>> pools_;  // [output]
};

}  // namespace fastpass_dali
