// The arguments of fn.fastpass.decode, on the CPU and on a GPU: which box at which scale.
#pragma once

#include <vector>

#include "sample_workers.h"

namespace fastpass_dali {

// [sample]; throws std::invalid_argument for arguments that mean nothing.
std::vector<fastpass_region> regions_of(const dali::OpSpec& spec, const dali::Workspace& workspace,
                                        int num_samples);

// Reads the headers of all images; throws what DALI passes on for one that is damaged.
dali::TensorListShape<> decoded_shapes(fastpass_worker* worker, const Input& encoded,
                                       const std::vector<fastpass_region>& regions);

}  // namespace fastpass_dali
