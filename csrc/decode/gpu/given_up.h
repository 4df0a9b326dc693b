// Images that a GPU has given up are decoded on the CPU.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "decode/gpu/batch_decoder.h"

namespace fastpass {

// `plans` are those of the decoder's last queue(), all of which must have happened. The CPU's
// `backend` decodes what was given up, and its pixels go to the GPU, or (*statuses)[image], which
// is left alone otherwise, says what is wrong with the image. Returned is what fails for all of
// them.
Status decode_given_up(const std::vector<const ImagePlan*>& plans, const std::string& backend,
                       Stream stream, BatchDecoder* decoder, std::vector<Status>* statuses);

}  // namespace fastpass
