// What a plug-in asks for, as text: one line "NAME VALUE" per setting. "view" alone begins a view,
// the lines after it are fields of its ViewSpec. "op NAME" is an operation on that view, with one
// line "output NAME DTYPE SIDE SIDE ..." for each of its outputs. fastpass/augment/request.py
// writes it.
#pragma once

#include <string_view>
#include <vector>

#include "augment/view_format.h"
#include "common/status.h"
#include "feed/sample_plan.h"
#include "plugins/request_ops.h"

namespace fastpass {

struct Request {
  SampleOptions sample;  // its views may be none: for decoding alone
  ViewFormat format;
  std::vector<RequestOutput> op_outputs;  // of all operations, view by view
};

// kBadArgument names the line.
Status read_request(std::string_view text, Request* request);

}  // namespace fastpass
