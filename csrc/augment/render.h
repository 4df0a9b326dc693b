// From decoded pixels to a finished view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "augment/cpu/view_routines.h"
#include "augment/params.h"
#include "augment/source_region.h"
#include "augment/store_format.h"
#include "common/rng.h"
#include "common/status.h"

namespace fastpass {

// All randomness of one view; touches no pixel. `key.view_id` is the view's index in the recipe.
Status draw_view(const ViewSpec& spec, int height, int width, const DrawKey& key,
                 ViewParams* params);

// What the bytes of a rendered view are: `normalize` false leaves out mean and std, values are then
// pixel / 255; kUint8 is never normalised.
struct ViewFormat {
  Dtype dtype = Dtype::kFloat32;
  MemoryFormat memory_format = MemoryFormat::kContiguous;
  bool normalize = true;
};

// Of a view of size x size pixels.
constexpr std::size_t view_bytes(int size, Dtype dtype) {
  return 3 * static_cast<std::size_t>(size) * static_cast<std::size_t>(size) *
         static_cast<std::size_t>(dtype_bytes(dtype));
}

// One per thread: owns the scratch memory, which grows to the largest image seen and stays.
class ViewRenderer {
 public:
  explicit ViewRenderer(const ViewRoutines& kernels = best_view_routines());
  ~ViewRenderer();
  ViewRenderer(const ViewRenderer&) = delete;
  ViewRenderer& operator=(const ViewRenderer&) = delete;

  // source: RGB uint8, with all pixels of the params' box. out: 3 * size * size values.
  Status render(const SourceRegion& source, const ViewSpec& spec, const ViewParams& params,
                const ViewFormat& format, void* out);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace fastpass
