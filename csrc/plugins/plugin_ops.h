// Operations on views, for plug-ins: Python defines them, requests name them.
#pragma once

#include <string>
#include <string_view>

#include "augment/view_op.h"

namespace fastpass {

// `name` has no space and no end of a line. What was defined is kept until the process ends.
void define_plugin_op(const std::string& name, ViewOp op);

// Returns false where nobody has defined it in this process.
bool find_plugin_op(std::string_view name, ViewOp* op);

}  // namespace fastpass
