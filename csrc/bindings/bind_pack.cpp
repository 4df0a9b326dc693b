#include "bindings/register.h"

namespace fastpass {

void register_pack(pybind11::module_&) {}

}  // namespace fastpass
