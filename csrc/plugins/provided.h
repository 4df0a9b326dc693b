// What plug-ins get from whoever has loaded this library.
#pragma once

#include <functional>
#include <memory>

#include "common/status.h"
#include "feed/gpu.h"
#include "feed/sample_plan.h"

namespace fastpass {

// Decodes images that are no JPEG. Set it before the first worker renders; it is kept until the
// process ends.
void set_plugin_foreign_decoder(ForeignDecoder decoder);

// Refuses what is no JPEG until one was set.
const ForeignDecoder& plugin_foreign_decoder();

// The GPU of a number, as CUDA counts them.
using GpuProvider = std::function<Status(int ordinal, std::shared_ptr<Gpu>* gpu)>;

void set_plugin_gpus(GpuProvider provider);

// Has none until one was set.
const GpuProvider& plugin_gpus();

}  // namespace fastpass
