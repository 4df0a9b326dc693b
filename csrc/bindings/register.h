// One function per stage, and some for what several stages do together; each lives in its
// bind_<name>.cpp.
#pragma once

#include <pybind11/pybind11.h>

namespace fastpass {

void register_curate(pybind11::module_& module);
void register_pack(pybind11::module_& module);
void register_probe(pybind11::module_& module);
void register_decode(pybind11::module_& module);
void register_augment(pybind11::module_& module);
void register_gpu(pybind11::module_& module);
void register_hash(pybind11::module_& module);
void register_render(pybind11::module_& module);
void register_render_batch(pybind11::module_& module);
void register_feed(pybind11::module_& module);
void register_plugins(pybind11::module_& module);

}  // namespace fastpass
