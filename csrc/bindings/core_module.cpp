#include "bindings/register.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "Native code of fastpass. Use it through the Python packages of the same names.";
  fastpass::register_pack(module);
  fastpass::register_probe(module);
  fastpass::register_decode(module);
  fastpass::register_augment(module);
  fastpass::register_feed(module);
}
