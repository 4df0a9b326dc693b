// What a plug-in asks for, as text: one line "NAME VALUE" per setting. "view" alone begins a view,
// the lines after it are fields of its ViewSpec. fastpass/augment/request.py writes it.
#pragma once

#include <string_view>

#include "augment/view_format.h"
#include "common/status.h"
#include "feed/sample_plan.h"

namespace fastpass {

struct Request {
  SampleOptions sample;  // its views may be none: for decoding alone
  ViewFormat format;
};

// kBadArgument names the line.
Status read_request(std::string_view text, Request* request);

}  // namespace fastpass
