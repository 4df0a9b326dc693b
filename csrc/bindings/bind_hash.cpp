// Hashes of many images, on threads.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bindings/buffers.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "common/parallel_for.h"
#include "curate/hash/image_hasher.h"

namespace fastpass {
namespace {

namespace py = pybind11;
using PixelArray = py::array_t<std::uint8_t, py::array::c_style>;

// An encoded image, or pixels where `jpeg` is empty.
struct HashJob {
  std::unique_ptr<BorrowedBytes> jpeg;
  ImageView pixels;
  Status status;
};

// bytes-like: encoded; an array of three dimensions: RGB pixels. The list keeps them alive.
HashJob make_job(const py::object& image) {
  HashJob job;
  if (py::isinstance<py::array>(image) && py::cast<py::array>(image).ndim() == 3) {
    const auto pixels = py::cast<PixelArray>(image);
    job.pixels.data = const_cast<std::uint8_t*>(pixels.data());  // only read
    job.pixels.height = static_cast<int>(pixels.shape(0));
    job.pixels.width = static_cast<int>(pixels.shape(1));
    job.pixels.stride = pixels.strides(0);
    return job;
  }
  job.jpeg = std::make_unique<BorrowedBytes>(py::cast<py::buffer>(image));
  return job;
}

void hash_all(std::vector<HashJob>* jobs, const HashRows& rows, int num_threads) {
  std::vector<std::unique_ptr<ImageHasher>> hashers(static_cast<std::size_t>(num_threads));
  parallel_for(static_cast<std::int64_t>(jobs->size()), num_threads,
               [&](std::int64_t row, int thread) {
                 auto& hasher = hashers[static_cast<std::size_t>(thread)];
                 if (!hasher) hasher = std::make_unique<ImageHasher>(rows);
                 HashJob& job = (*jobs)[static_cast<std::size_t>(row)];
                 job.status = hasher->hash(job.jpeg ? job.jpeg->span() : Span{}, job.pixels,
                                           static_cast<std::size_t>(row));
               });
}

// {"codes": [one array per kind], "quality", "quality_fast", "height", "width", "statistics" or
// None, "errors": [None or the exception, per image]}
py::dict hash_images(const py::list& images, const std::vector<std::string>& kinds,
                     bool wants_statistics, std::int64_t max_pixels, int num_threads) {
  const auto count = static_cast<py::ssize_t>(images.size());
  py::list codes;
  HashRows rows;
  rows.max_pixels = max_pixels;
  for (const std::string& name : kinds) {
    rows.kinds.push_back(known_hash_kinds().at(name));
    py::array_t<std::uint8_t> made({count, static_cast<py::ssize_t>(rows.kinds.back().num_bytes)});
    std::memset(made.mutable_data(), 0, static_cast<std::size_t>(made.nbytes()));
    rows.codes.push_back(made.mutable_data());
    codes.append(made);
  }
  const auto column = [count](std::int32_t value) {
    py::array_t<std::int32_t> made(count);
    std::fill_n(made.mutable_data(), count, value);
    return made;
  };
  py::array_t<std::int32_t> quality = column(-1), quality_fast = column(-1);
  py::array_t<std::int32_t> height = column(0), width = column(0);
  py::array_t<float> statistics({wants_statistics ? count : 0, py::ssize_t{5}});
  rows.quality = quality.mutable_data();
  rows.quality_fast = quality_fast.mutable_data();
  rows.height = height.mutable_data();
  rows.width = width.mutable_data();
  if (wants_statistics) {
    rows.statistics = statistics.mutable_data();
    std::fill_n(rows.statistics, 5 * count, 0.0f);
  }
  std::vector<HashJob> jobs;
  for (const py::handle image : images) {
    jobs.push_back(make_job(py::reinterpret_borrow<py::object>(image)));
  }
  {
    const py::gil_scoped_release no_gil;
    hash_all(&jobs, rows, num_threads);
  }
  py::list errors;
  for (const HashJob& job : jobs) {
    errors.append(job.status.ok() ? py::object(py::none()) : make_exception(job.status));
  }
  py::dict result;
  result["codes"] = codes;
  result["quality"] = quality;
  result["quality_fast"] = quality_fast;
  result["height"] = height;
  result["width"] = width;
  result["statistics"] = statistics;
  result["errors"] = errors;
  return result;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : known_hash_kinds()) names.push_back(name);
  return names;
}

}  // namespace

void register_hash(py::module_& module) {
  module.def("hash_kinds", &kind_names);
  module.def("hash_images", &hash_images, py::arg("images"), py::kw_only(), py::arg("kinds"),
             py::arg("statistics"), py::arg("max_pixels"), py::arg("num_threads"));
}

}  // namespace fastpass
