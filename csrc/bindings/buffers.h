// The only door for memory between Python and native code.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <vector>

#include "common/view.h"

namespace fastpass {

// Holds the Python buffer (bytes, memoryview, mmap, ndarray) for as long as its Span is in use.
// Create and destroy it with the GIL held; the Span may be read without.
class BorrowedBytes {
 public:
  explicit BorrowedBytes(const pybind11::buffer& buffer) : info_(buffer.request()) {
    if (!PyBuffer_IsContiguous(info_.view(), 'C')) {
      throw pybind11::value_error("the encoded bytes must be one contiguous buffer");
    }
  }
  Span span() const {
    return {static_cast<const std::uint8_t*>(info_.ptr),
            static_cast<std::size_t>(info_.size * info_.itemsize)};
  }

 private:
  pybind11::buffer_info info_;
};

}  // namespace fastpass
