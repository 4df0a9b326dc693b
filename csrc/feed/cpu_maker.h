// Batches made on the CPU: each thread decodes and renders a sample.
#pragma once

#include <memory>

#include "feed/batch_maker.h"
#include "feed/sample_reader.h"

namespace fastpass {

// `reader` outlives it.
std::unique_ptr<BatchMaker> make_cpu_maker(SampleReader* reader);

}  // namespace fastpass
