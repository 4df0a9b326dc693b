#include "bindings/foreign_decoder.h"

#include <pybind11/numpy.h>

#include <cstring>
#include <memory>

#include "bindings/raise.h"

namespace fastpass {

namespace py = pybind11;

ForeignDecoder make_foreign_decoder(py::function decode) {
  const std::shared_ptr<py::function> callable(new py::function(std::move(decode)),
                                               [](py::function* held) {
                                                 const py::gil_scoped_acquire gil;
                                                 delete held;
                                               });
  return [callable](Span encoded, const DecodeOptions& options, PixelBuffer* pixels) -> Status {
    const py::gil_scoped_acquire gil;
    try {
      const py::bytes data(reinterpret_cast<const char*>(encoded.data), encoded.size);
      const auto rgb =
          py::cast<py::array_t<std::uint8_t, py::array::c_style | py::array::forcecast>>(
              (*callable)(data, options.max_pixels, options.applies_orientation));
      if (rgb.ndim() != 3 || rgb.shape(2) != 3) {
        return {Fault::kBadArgument,
                "a decoder in Python returned an array of another shape than "
                "[height, width, 3]"};
      }
      FASTPASS_RETURN_IF_ERROR(
          pixels->resize(static_cast<int>(rgb.shape(0)), static_cast<int>(rgb.shape(1))));
      std::memcpy(pixels->view().data, rgb.data(), static_cast<std::size_t>(rgb.nbytes()));
      return {};
    } catch (const py::error_already_set& error) {
      return status_of(error);
    } catch (const std::exception& error) {  // pybind11's own, for want of memory or a wrong type
      return {Fault::kOutOfMemory, error.what()};
    }
  };
}

}  // namespace fastpass
