#include <new>
#include <system_error>

#include "bindings/raise.h"
#include "bindings/register.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "Native code of fastpass. Use it through the Python packages of the same names.";
  pybind11::register_local_exception_translator([](std::exception_ptr exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::bad_alloc&) {
      fastpass::set_exception({fastpass::Fault::kOutOfMemory, "an allocation failed"});
    } catch (const std::system_error& error) {
      fastpass::set_exception({fastpass::Fault::kOutOfMemory, error.what()});
    }
  });
  fastpass::register_curate(module);
  fastpass::register_pack(module);
  fastpass::register_probe(module);
  fastpass::register_decode(module);
  fastpass::register_augment(module);
  fastpass::register_gpu(module);
  fastpass::register_hash(module);
  fastpass::register_render(module);
  fastpass::register_render_batch(module);
  fastpass::register_feed(module);
  fastpass::register_plugins(module);
}
