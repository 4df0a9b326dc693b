// From decoded pixels to a finished view.
#pragma once

#include <cstdint>
#include <memory>

#include "augment/params.h"
#include "common/rng.h"
#include "common/status.h"
#include "common/view.h"

namespace fastpass {

enum class Dtype : std::uint8_t { kUint8, kFloat16, kBfloat16, kFloat32 };

constexpr int dtype_bytes(Dtype dtype) {
  return dtype == Dtype::kUint8 ? 1 : dtype == Dtype::kFloat32 ? 4 : 2;
}

// All randomness of one view; touches no pixel. `key.view_id` is the view's index in the recipe.
Status draw_view(const ViewSpec& spec, int height, int width, const DrawKey& key,
                 ViewParams* params);

// One per thread: owns the scratch memory, which grows to the largest image seen and stays.
class ViewRenderer {
 public:
  ViewRenderer();
  ~ViewRenderer();
  ViewRenderer(const ViewRenderer&) = delete;
  ViewRenderer& operator=(const ViewRenderer&) = delete;

  // source: RGB uint8. out: planar [3, size, size] of `dtype`; kUint8 is not normalised, and
  // neither is any dtype when `normalize` is false (then values are pixel / 255).
  Status render(const ImageView& source, const ViewSpec& spec, const ViewParams& params,
                Dtype dtype, bool normalize, void* out);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace fastpass
