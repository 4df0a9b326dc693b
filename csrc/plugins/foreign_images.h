// Images that are no JPEG, for plug-ins: decoded by whoever has loaded this library.
#pragma once

#include "feed/sample_plan.h"

namespace fastpass {

// Before the first worker renders. It is kept until the process ends.
void set_plugin_foreign_decoder(ForeignDecoder decoder);

// Refuses what is no JPEG until one was set.
const ForeignDecoder& plugin_foreign_decoder();

}  // namespace fastpass
