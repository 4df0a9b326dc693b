// From a Status to the Python exception of the same name.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "common/fault_name.h"
#include "common/status.h"

namespace fastpass {

// The exception as an object, for results that carry their failure along.
inline pybind11::object make_exception(const Status& status) {
  pybind11::object type =
      pybind11::module_::import("fastpass.errors").attr(exception_name(status.fault()));
  pybind11::object offset = status.byte_offset() < 0
                                ? pybind11::object(pybind11::none())
                                : pybind11::object(pybind11::int_(status.byte_offset()));
  return type(status.message(), pybind11::arg("byte_offset") = offset);
}

// The way back: which fault a Python exception stands for. Needs the GIL.
inline Status status_of(const pybind11::error_already_set& error) {
  const std::string name = pybind11::str(error.type().attr("__name__"));
  const std::string message = pybind11::str(error.value());
  for (int fault = 1; fault <= static_cast<int>(Fault::kClosed); ++fault) {
    if (name == exception_name(static_cast<Fault>(fault))) {
      return {static_cast<Fault>(fault), message};
    }
  }
  return {name == "MemoryError" ? Fault::kOutOfMemory : Fault::kCorruptImage,
          name + ": " + message};
}

// Needs the GIL.
inline void set_exception(const Status& status) {
  const pybind11::object exception = make_exception(status);
  PyErr_SetObject(pybind11::type::handle_of(exception).ptr(), exception.ptr());
}

inline void raise_if_error(const Status& status) {
  if (status.ok()) return;
  set_exception(status);
  throw pybind11::error_already_set();
}

// Calls without the GIL what returns a Status, and raises that.
template <typename Call>
void run_without_gil(const Call& call) {
  Status status;
  {
    const pybind11::gil_scoped_release no_gil;
    status = call();
  }
  raise_if_error(status);
}

}  // namespace fastpass
