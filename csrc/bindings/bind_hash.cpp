// Hashes of many images, on threads.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/buffers.h"
#include "bindings/decode_arguments.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "common/parallel_for.h"
#include "curate/hash/image_hasher.h"

namespace fastpass {
namespace {

namespace py = pybind11;
using PixelArray = py::array_t<std::uint8_t, py::array::c_style>;

constexpr int kMostThreads = 1024;

// An encoded image, or pixels where `jpeg` is empty.
struct HashJob {
  py::object owner;  // of what is read below
  std::unique_ptr<BorrowedBytes> jpeg;
  ImageView pixels;
  Status status;
};

bool is_rgb(const py::array& array) {
  const auto fits = [&](int axis) {
    return array.shape(axis) > 0 && array.shape(axis) <= std::numeric_limits<int>::max();
  };
  return py::isinstance<PixelArray>(array) && array.ndim() == 3 && fits(0) && fits(1) &&
         array.shape(2) == 3;
}

// bytes-like: encoded; an array of more dimensions than one: RGB pixels.
HashJob make_job(const py::object& image) {
  HashJob job;
  job.owner = image;
  if (!py::isinstance<py::array>(image) || py::cast<py::array>(image).ndim() == 1) {
    job.jpeg = std::make_unique<BorrowedBytes>(py::cast<py::buffer>(image));
    return job;
  }
  const auto pixels = py::cast<py::array>(image);
  if (!is_rgb(pixels)) {
    raise_if_error({Fault::kBadArgument, "pixels must be uint8 [height, width, 3], contiguous"});
  }
  job.pixels.data = static_cast<std::uint8_t*>(const_cast<void*>(pixels.data()));  // only read
  job.pixels.height = static_cast<int>(pixels.shape(0));
  job.pixels.width = static_cast<int>(pixels.shape(1));
  job.pixels.stride = pixels.strides(0);
  return job;
}

HashKind kind_named(const std::string& name) {
  const auto found = known_hash_kinds().find(name);
  if (found == known_hash_kinds().end()) {
    raise_if_error({Fault::kBadArgument, "no hash named \"" + name + "\""});
  }
  return found->second;
}

void hash_all(std::vector<HashJob>* jobs, const HashColumns& columns, int num_threads) {
  std::vector<std::unique_ptr<ImageHasher>> hashers(static_cast<std::size_t>(num_threads));
  parallel_for(static_cast<std::int64_t>(jobs->size()), num_threads,
               [&](std::int64_t image, int thread) {
                 auto& hasher = hashers[static_cast<std::size_t>(thread)];
                 if (!hasher) hasher = std::make_unique<ImageHasher>(columns);
                 HashJob& job = (*jobs)[static_cast<std::size_t>(image)];
                 job.status = hasher->hash(job.jpeg ? job.jpeg->span() : Span{}, job.pixels,
                                           static_cast<std::size_t>(image));
               });
}

// What hash_images() returns, and the columns that are written.
struct HashResult {
  HashColumns columns;
  py::dict arrays;

  HashResult(const std::vector<std::string>& kinds, py::ssize_t count, bool wants_statistics) {
    py::list codes;
    for (const std::string& name : kinds) {
      columns.kinds.push_back(kind_named(name));
      const auto num_bytes = static_cast<py::ssize_t>(columns.kinds.back().num_bytes);
      columns.codes.push_back(filled<std::uint8_t>(codes, {count, num_bytes}, 0));
    }
    arrays["codes"] = codes;
    columns.quality = named<std::int32_t>("quality", {count}, -1);
    columns.quality_fast = named<std::int32_t>("quality_fast", {count}, -1);
    columns.height = named<std::int32_t>("height", {count}, 0);
    columns.width = named<std::int32_t>("width", {count}, 0);
    float* statistics =
        named<float>("statistics", {wants_statistics ? count : 0, py::ssize_t{kNumStatistics}}, 0);
    if (wants_statistics) columns.statistics = statistics;
  }

 private:
  template <typename Value>
  static Value* filled(py::list& list, const std::vector<py::ssize_t>& shape, Value value) {
    py::array_t<Value> made(shape);
    std::fill_n(made.mutable_data(), made.size(), value);
    list.append(made);
    return made.mutable_data();
  }
  template <typename Value>
  Value* named(const char* name, const std::vector<py::ssize_t>& shape, Value value) {
    py::list holder;
    Value* data = filled<Value>(holder, shape, value);
    arrays[name] = holder[0];
    return data;
  }
};

// {"codes": [one array per kind], "quality", "quality_fast", "height", "width", "statistics",
// "errors": [None or the exception, per image]}
py::dict hash_images(const py::list& images, const std::vector<std::string>& kinds,
                     bool wants_statistics, bool fill_damage, bool apply_orientation,
                     std::int64_t max_pixels, std::int64_t max_scan_blocks, int num_threads) {
  if (num_threads < 1 || num_threads > kMostThreads || max_pixels < 1) {
    raise_if_error({Fault::kBadArgument, "wanted 1 to 1024 threads, and a pixel or more"});
  }
  HashResult result(kinds, static_cast<py::ssize_t>(images.size()), wants_statistics);
  result.columns.decode = make_decode_options(std::nullopt, 1, fill_damage, apply_orientation,
                                              max_pixels, max_scan_blocks);
  std::vector<HashJob> jobs;
  for (const py::handle image : images) {
    jobs.push_back(make_job(py::reinterpret_borrow<py::object>(image)));
  }
  {
    const py::gil_scoped_release no_gil;
    hash_all(&jobs, result.columns, num_threads);
  }
  py::list errors;
  for (const HashJob& job : jobs) {
    errors.append(job.status.ok() ? py::object(py::none()) : make_exception(job.status));
  }
  result.arrays["errors"] = errors;
  return result.arrays;
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
             py::arg("statistics"), py::arg("fill_damage"), py::arg("apply_orientation"),
             py::arg("max_pixels"), py::arg("max_scan_blocks"), py::arg("num_threads"));
}

}  // namespace fastpass
