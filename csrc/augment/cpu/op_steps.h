// Runs a user's operations on a view that is otherwise finished, and stores it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "augment/cpu/view_routines.h"
#include "augment/cpu/view_rows.h"
#include "augment/store_format.h"
#include "augment/view_op.h"
#include "common/status.h"

namespace fastpass {

// The operations of one view of one sample.
struct ViewOpWork {
  const ViewOps* ops = nullptr;
  DrawKey key;                             // of the view
  std::uint8_t* const* outputs = nullptr;  // of all operations, in order
};

// One per thread: it owns the memory on which operations work.
class OpSteps {
 public:
  explicit OpSteps(const ViewRoutines& routines) : routines_(routines) {}

  // Changes `view`. `format`: how the view is stored in `out`.
  Status run(const ViewRows& view, StoreFormat format, const ViewOpWork& work, void* out);

 private:
  const ViewRoutines& routines_;
  std::vector<std::uint8_t> pixels_;
  std::vector<float> values_;
};

}  // namespace fastpass
