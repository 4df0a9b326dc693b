#include "augment/draw_view.h"

#include "augment/check.h"
#include "augment/draw.h"

namespace fastpass {

Status draw_view(const ViewSpec& spec, int height, int width, const DrawKey& key,
                 ViewParams* params) {
  FASTPASS_RETURN_IF_ERROR(check_spec(spec));
  FASTPASS_RETURN_IF_ERROR(check_source_size(height, width));
  *params = draw_checked_view(spec, height, width, key);
  return {};
}

}  // namespace fastpass
