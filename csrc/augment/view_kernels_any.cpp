// Processors for which there are no kernels of their own.
#include "augment/view_kernels_list.h"

namespace fastpass {

const std::vector<const ViewKernels*>& available_view_kernels() {
  static const std::vector<const ViewKernels*> tables = {&kPortableViewKernels};
  return tables;
}

}  // namespace fastpass
