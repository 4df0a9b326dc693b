#include "bindings/register.h"

namespace fastpass {

void register_decode(pybind11::module_&) {}

}  // namespace fastpass
