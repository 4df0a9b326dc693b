// Batches made on a GPU: threads read bytes and headers, the GPU does the rest.
//
// Note [Two steps of a batch]. When all samples are planned, the batch is launched: bytes go to the
// GPU and are decoded there. Only then is it known which images the GPU has given up; the CPU
// decodes these, and the views are rendered. So a batch is finished in a second step, by a thread
// that finds the decoding done, or that has nothing else to do and sleeps until it is.
#pragma once

#include <memory>

#include "feed/batch_maker.h"
#include "feed/gpu.h"
#include "feed/sample_reader.h"

namespace fastpass {

// `reader` outlives it.
std::unique_ptr<BatchMaker> make_gpu_maker(std::shared_ptr<Gpu> gpu, SampleReader* reader);

}  // namespace fastpass
