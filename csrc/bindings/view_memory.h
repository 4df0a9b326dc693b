// Where views are rendered for Python.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <vector>

#include "augment/cpu/view_renderer.h"

namespace fastpass {

// One per thread, because callers may render from several; its scratch stays.
inline ViewRenderer& thread_renderer() {
  thread_local ViewRenderer renderer;
  return renderer;
}

// One address per view, of memory that the caller keeps.
inline std::vector<std::uint8_t*> pointers(const std::vector<std::uintptr_t>& addresses,
                                           std::size_t wanted) {
  if (addresses.size() != wanted) throw pybind11::value_error("one output per view");
  std::vector<std::uint8_t*> made;
  for (const std::uintptr_t address : addresses) {
    made.push_back(reinterpret_cast<std::uint8_t*>(address));
  }
  return made;
}

}  // namespace fastpass
