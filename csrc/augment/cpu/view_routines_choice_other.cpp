// Processors that have no routines of their own.
#include "augment/cpu/view_routines.h"

namespace fastpass {

const std::vector<const ViewRoutines*>& available_view_routines() {
  static const std::vector<const ViewRoutines*> tables = {&kPlainViewRoutines};
  return tables;
}

}  // namespace fastpass
