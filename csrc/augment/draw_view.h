// The random choices of a view, from arguments that are checked first.
#pragma once

#include "augment/params.h"
#include "common/rng.h"
#include "common/status.h"

namespace fastpass {

// All randomness of one view of a source of height x width pixels; touches no pixel. `key.view_id`
// is the view's place in the recipe. What is drawn, and how, is in draw.h.
Status draw_view(const ViewSpec& spec, int height, int width, const DrawKey& key,
                 ViewParams* params);

}  // namespace fastpass
