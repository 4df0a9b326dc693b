#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cstdio>

#include "bindings/image_info_tuple.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "decode/probe/probe.h"
#include "decode/seek_scan.h"
#include "pack/index_build.h"
#include "pack/pack_reader.h"

namespace py = pybind11;

namespace fastpass {
namespace {

// Bytes that keep alive what they point into; memoryview() of it is the way to read them.
struct EncodedBytes {
  std::shared_ptr<const PackReader> reader;
  EncodedSample sample;
};

py::buffer_info buffer_of(EncodedBytes& self) {
  static const std::uint8_t kNothing = 0;  // an empty member of a tar still needs an address
  const Span bytes = self.sample.bytes;
  return py::buffer_info(bytes.data != nullptr ? bytes.data : &kNothing,
                         static_cast<py::ssize_t>(bytes.size));
}

template <typename Fetch>
std::unique_ptr<EncodedBytes> fetch_bytes(const std::shared_ptr<PackReader>& reader, Fetch fetch) {
  auto bytes = std::make_unique<EncodedBytes>();
  bytes->reader = reader;
  Status status;
  {
    py::gil_scoped_release unlocked;  // a folder reads its file here
    status = fetch(&bytes->sample);
  }
  raise_if_error(status);
  return bytes;
}

// Paths and keys cross as bytes: file names need not be UTF-8.
std::shared_ptr<PackReader> open_reader(const std::vector<py::bytes>& paths) {
  const std::vector<std::string> names(paths.begin(), paths.end());
  std::shared_ptr<PackReader> reader;
  Status status;
  {
    py::gil_scoped_release unlocked;
    status = PackReader::open(names, &reader);
  }
  raise_if_error(status);
  return reader;
}

std::int64_t checked(const SampleSource& reader, std::int64_t position) {
  if (position < 0 || position >= reader.size()) throw py::index_error("position out of range");
  return position;
}

py::object info_of(const PackReader& reader, std::int64_t position) {
  const ImageInfo info = reader.info(checked(reader, position));
  return info.format == ImageFormat::kUnknown ? py::object(py::none())
                                              : py::object(image_info_tuple(info));
}

template <typename Value>
py::array_t<std::int64_t> collect(const PackReader& reader, Value value) {
  py::array_t<std::int64_t> values(reader.size());
  std::int64_t* out = values.mutable_data();
  py::gil_scoped_release unlocked;
  for (std::int64_t i = 0; i < reader.size(); ++i) out[i] = value(i);
  return values;
}

py::object class_names_of(const PackReader& reader) {
  if (reader.label_kind() != LabelKind::kClassFolders) return py::none();
  py::list names;
  for (const std::string& name : reader.class_names()) names.append(py::bytes(name));
  return names;
}

std::string fingerprint_of(const PackReader& reader) {
  std::uint64_t value = 0;
  Status status;
  {
    py::gil_scoped_release unlocked;
    status = reader.fingerprint(&value);
  }
  raise_if_error(status);
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

// The seek index that came with the image; None where there is none.
py::object seek_index_of(const EncodedBytes& self) {
  if (self.sample.seek_index.size == 0) return py::none();
  auto bytes = std::make_unique<EncodedBytes>();
  bytes->reader = self.reader;
  bytes->sample.bytes = self.sample.seek_index;
  return py::cast(std::move(bytes));
}

py::dict write_index_of(const py::bytes& tar_path, bool with_seek_index, int num_threads) {
  const std::string path = tar_path;
  IndexOptions options;
  options.probe = probe;
  if (with_seek_index) options.seek_indexer = build_seek_index;
  options.num_threads = num_threads;
  std::vector<std::uint8_t> index;
  IndexView view;
  Status status;
  std::int64_t num_unreadable = 0, num_seek_indexes = 0;
  {
    py::gil_scoped_release unlocked;
    status = write_index(path, options, &index);
    if (status.ok()) status = view.parse({index.data(), index.size()}, index_path_of(path));
    for (std::int64_t i = 0; status.ok() && i < view.size(); ++i) {
      num_unreadable += view.record(i).format == 0;
      num_seek_indexes += view.seek_index(i).size != 0;
    }
  }
  raise_if_error(status);
  return py::dict(py::arg("num_samples") = view.size(), py::arg("num_unreadable") = num_unreadable,
                  py::arg("num_seek_indexes") = num_seek_indexes,
                  py::arg("num_ignored") = view.header().num_ignored,
                  py::arg("layout") = view.header().layout, py::arg("index_bytes") = index.size());
}

void register_reader(py::module_& module) {
  using Reader = std::shared_ptr<PackReader>;
  py::class_<PackReader, SampleSource, Reader>(module, "PackReader")
      .def(py::init(&open_reader), py::arg("paths"))
      .def("key", [](const PackReader& self,
                     std::int64_t i) { return py::bytes(std::string(self.key(checked(self, i)))); })
      .def("info", &info_of)
      .def("fetch",
           [](const Reader& self, std::int64_t i) {
             checked(*self, i);
             return fetch_bytes(self, [&](EncodedSample* out) { return self->fetch(i, out); });
           })
      .def("read",
           [](const Reader& self, std::int64_t i) {
             checked(*self, i);
             return fetch_bytes(self, [&](EncodedSample* out) { return self->read(i, out); });
           })
      .def("fetch_metadata",
           [](const Reader& self, std::int64_t i) {
             checked(*self, i);
             return fetch_bytes(self,
                                [&](EncodedSample* out) { return self->fetch_metadata(i, out); });
           })
      .def("sample_ids",
           [](const PackReader& self) {
             return collect(self, [&](std::int64_t i) { return self.sample_id(i); });
           })
      .def("labels",
           [](const PackReader& self) {
             return collect(self, [&](std::int64_t i) { return self.label(i); });
           })
      .def("shard_begins", &PackReader::shard_begins)
      .def("class_names", &class_names_of)
      .def("fingerprint", &fingerprint_of)
      .def("has_index", [](const PackReader& self, std::size_t shard) {
        if (shard >= self.num_shards()) throw py::index_error("shard out of range");
        return self.has_index(shard);
      });
}

}  // namespace

void register_pack(py::module_& module) {
  py::class_<EncodedBytes>(module, "EncodedBytes", py::buffer_protocol())
      .def_buffer(&buffer_of)
      .def_property_readonly("seek_index", &seek_index_of);
  // What a loader can read from; the bindings of other sources derive from it too.
  py::class_<SampleSource, std::shared_ptr<SampleSource>>(module, "SampleSource")
      .def("__len__", &SampleSource::size)
      .def("sample_id", [](const SampleSource& self,
                           std::int64_t i) { return self.sample_id(checked(self, i)); })
      .def("label",
           [](const SampleSource& self, std::int64_t i) { return self.label(checked(self, i)); })
      .def("describe", [](const SampleSource& self, std::int64_t i) {
        return self.describe(checked(self, i));
      });
  register_reader(module);
  module.def("write_index", &write_index_of, py::arg("tar_path"), py::kw_only(),
             py::arg("with_seek_index"), py::arg("num_threads"));
}

}  // namespace fastpass
