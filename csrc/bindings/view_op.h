// Operations on views that are written in Python.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "augment/view_op.h"

namespace fastpass {

// `address`: of a compiled int32 (void* view, int64 size, uint64 key, void** outputs), which
// returns 0, or anything else where the operation raised an exception; 0: there is none.
// `call(view, key, outputs)`: the same in Python, for where there is no compiled form, and to learn
// what the compiled one raised. `view`: uint8 [size, size, 3] or float32 [3, size, size];
// `outputs`: a list of uint8 arrays. It is called with the GIL held, and let go so by whichever
// thread lets go of it last.
ViewOp make_view_op(std::string name, bool is_normalized, std::uintptr_t address,
                    pybind11::function call, std::vector<std::size_t> output_bytes);

}  // namespace fastpass
