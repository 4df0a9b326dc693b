#include "bindings/register.h"

namespace fastpass {

void register_augment(pybind11::module_&) {}

}  // namespace fastpass
