// The operations on views in a plug-in's request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "feed/sample_plan.h"

namespace fastpass {

// An output of an operation, as the request describes it.
struct RequestOutput {
  std::int32_t dtype = 0;  // of the enumeration in c_api.h
  std::vector<std::int64_t> shape;
  std::size_t bytes = 0;
};

// `name`: of an operation that was defined for plug-ins; it is the next of the last view.
Status read_op(std::string_view name, SampleOptions* sample);

// `text`: "NAME DTYPE SIDE SIDE ...". Returns false for any other.
bool read_output(std::string_view text, RequestOutput* output);

// Whether the operations have these outputs, and work on such views.
Status check_ops(const SampleOptions& sample, const std::vector<RequestOutput>& outputs,
                 bool is_uint8);

}  // namespace fastpass
