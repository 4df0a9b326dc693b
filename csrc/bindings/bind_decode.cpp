#include <pybind11/stl.h>

#include <new>
#include <optional>

#include "bindings/buffers.h"
#include "bindings/decode_arguments.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "common/parallel_for.h"
#include "decode/band_decode.h"
#include "decode/decoder_pool.h"
#include "decode/decoder_registry.h"
#include "decode/seek/seek_index.h"
#include "decode/seek_scan.h"

namespace fastpass {
namespace {

namespace py = pybind11;

py::array_t<std::uint8_t> to_array(PixelBuffer* pixels) {
  const ImageView view = pixels->view();
  std::uint8_t* memory = pixels->release().release();
  const py::capsule owner(memory, [](void* data) { delete[] static_cast<std::uint8_t*>(data); });
  return py::array_t<std::uint8_t>({view.height, view.width, view.channels}, memory, owner);
}

// None stands for an empty one.
std::vector<std::optional<BorrowedBytes>> borrow_indexes(const py::sequence& seek_indexes) {
  std::vector<std::optional<BorrowedBytes>> borrowed(py::len(seek_indexes));
  for (std::size_t i = 0; i < borrowed.size(); ++i) {
    const py::object index = seek_indexes[i];
    if (!index.is_none()) borrowed[i].emplace(py::cast<py::buffer>(index));
  }
  return borrowed;
}

// An index that does not belong to the image is refused whether or not the backend would use it.
// Only with an index several threads can work on one image.
Status decode_one(const std::string& backend, Span jpeg, Span seek_index, DecodeOptions options,
                  int num_threads, PixelBuffer* pixels) try {
  if (seek_index.size > 0) FASTPASS_RETURN_IF_ERROR(verify_seek_index(seek_index, jpeg));
  options.seek_index = seek_index;
  options.is_seek_index_verified = true;
  JpegHeaders headers;
  static_cast<void>(headers.read(jpeg));  // its status is the decoder's to tell
  const bool has_bands = seek_index.size > 0 && num_threads > 1 && backend != "turbo" &&
                         options.on_damage == OnDamage::kRaise;
  if (has_bands) return decode_in_bands(backend, headers, options, num_threads, pixels);
  return DecoderLease(backend).get()->decode(headers, options, pixels);
} catch (const std::bad_alloc&) {
  return {Fault::kOutOfMemory, "no memory to decode a JPEG"};
}

// A list with an array for every image that could be decoded, and the exception for every other.
py::list decode_jpegs(const py::sequence& encoded, const py::sequence& seek_indexes,
                      const std::string& backend, const CropArgument& crop, int scale_denominator,
                      bool fill_damage, bool apply_orientation, std::int64_t max_pixels,
                      std::int64_t max_scan_blocks, int num_threads) {
  std::vector<BorrowedBytes> bytes;
  bytes.reserve(py::len(encoded));
  for (const py::handle item : encoded) bytes.emplace_back(py::cast<py::buffer>(item));

  const std::vector<std::optional<BorrowedBytes>> indexes = borrow_indexes(seek_indexes);
  if (indexes.size() != bytes.size()) throw py::value_error("one seek index or None per image");

  const auto options = make_decode_options(crop, scale_denominator, fill_damage, apply_orientation,
                                           max_pixels, max_scan_blocks);
  std::vector<PixelBuffer> images(bytes.size());
  std::vector<Status> statuses(bytes.size());
  {
    const py::gil_scoped_release no_gil;
    const int threads_per_image = bytes.size() == 1 ? num_threads : 1;
    parallel_for(
        static_cast<std::int64_t>(bytes.size()), num_threads, [&](std::int64_t index, int) {
          const auto i = static_cast<std::size_t>(index);
          statuses[i] =
              decode_one(backend, bytes[i].span(), indexes[i] ? indexes[i]->span() : Span(),
                         options, threads_per_image, &images[i]);
        });
  }
  py::list results;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (statuses[i].ok()) {
      results.append(to_array(&images[i]));
    } else {
      results.append(make_exception(statuses[i]));
    }
  }
  return results;
}

py::bytes build_seek_index_of(const py::buffer& jpeg) {
  const BorrowedBytes bytes(jpeg);
  std::vector<std::uint8_t> index;
  Status status;
  {
    const py::gil_scoped_release no_gil;
    status = build_seek_index(bytes.span(), &index);
  }
  raise_if_error(status);
  return py::bytes(reinterpret_cast<const char*>(index.data()), index.size());
}

}  // namespace

void register_decode(py::module_& module) {
  module.def("decode_jpegs", &decode_jpegs, py::arg("encoded"), py::kw_only(),
             py::arg("seek_indexes"), py::arg("backend"), py::arg("crop"),
             py::arg("scale_denominator"), py::arg("fill_damage"), py::arg("apply_orientation"),
             py::arg("max_pixels"), py::arg("max_scan_blocks"), py::arg("num_threads"));
  module.def("build_seek_index", &build_seek_index_of, py::arg("jpeg"));
  module.def("jpeg_backends", [] {
    std::vector<std::pair<std::string, std::string>> names;
    for (const auto& backend : decoder_backends())
      names.emplace_back(backend.name, backend.version);
    return names;
  });
  module.attr("DEFAULT_MAX_PIXELS") = kDefaultMaxPixels;
  module.attr("DEFAULT_MAX_SCAN_BLOCKS") = kDefaultMaxScanBlocks;
}

}  // namespace fastpass
