// From decoded pixels to a finished view, on the CPU.
#pragma once

#include <memory>

#include "augment/cpu/op_steps.h"
#include "augment/cpu/view_routines.h"
#include "augment/params.h"
#include "augment/source_region.h"
#include "augment/view_format.h"
#include "common/status.h"

namespace fastpass {

// Renders one view after the other. One per thread: it owns the scratch memory, which grows to the
// largest image seen and stays.
class ViewRenderer {
 public:
  explicit ViewRenderer(const ViewRoutines& routines = best_view_routines());
  ~ViewRenderer();
  ViewRenderer(const ViewRenderer&) = delete;
  ViewRenderer& operator=(const ViewRenderer&) = delete;

  // source: RGB uint8, with all pixels of the params' box. out: 3 * size * size values. `ops`: what
  // is done to the view last, nullptr: nothing.
  Status render(const SourceRegion& source, const ViewSpec& spec, const ViewParams& params,
                const ViewFormat& format, void* out, const ViewOpWork* ops = nullptr);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace fastpass
