// Processors for which there are no kernels of their own.
#include "augment/cpu/view_routines_list.h"

namespace fastpass {

const std::vector<const ViewRoutines*>& available_view_routines() {
  static const std::vector<const ViewRoutines*> tables = {&kPlainViewRoutines};
  return tables;
}

}  // namespace fastpass
