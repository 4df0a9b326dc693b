#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "bindings/image_info_tuple.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "common/parallel_for.h"
#include "common/quote.h"
#include "decode/probe/probe.h"
#include "decode/seek_scan.h"
#include "pack/folder_walk.h"
#include "pack/index_build.h"
#include "pack/naming.h"
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

std::vector<std::string> strings_of(const std::vector<py::bytes>& texts) {
  return {texts.begin(), texts.end()};
}

std::optional<Layout> layout_of(const std::string& name) {
  if (name == "webdataset") return Layout::kWebDataset;
  if (name == "pass") return Layout::kPass;
  if (name == "image_folder") return Layout::kImageFolder;
  if (name == "folder") return Layout::kFolder;
  if (name.empty()) return std::nullopt;
  throw py::value_error("unknown layout " + name);
}

KeyRule key_rule_of(const std::string& name) {
  if (name == "first_dot") return KeyRule::kFirstDot;
  if (name == "last_dot") return KeyRule::kLastDot;
  if (name.empty()) return KeyRule::kByLayout;
  throw py::value_error("unknown key rule " + name);
}

IndexOptions index_options(bool with_headers, bool with_seek_index, int num_threads) {
  if (num_threads < 1) throw py::value_error("num_threads is below 1");
  IndexOptions options;
  if (with_headers) options.probe = probe;
  if (with_seek_index) options.seek_indexer = build_seek_index;
  options.num_threads = num_threads;
  return options;
}

// Paths and keys cross as bytes: file names need not be UTF-8.
std::shared_ptr<PackReader> open_reader(const std::vector<py::bytes>& paths,
                                        const std::vector<py::bytes>& index_paths,
                                        const std::vector<py::bytes>& names,
                                        const std::string& layout, const std::string& keys,
                                        const std::vector<std::string>& image_fields,
                                        const std::optional<std::string>& label_field,
                                        bool builds_indexes, bool lists_left_out) {
  if (index_paths.size() != paths.size()) throw py::value_error("one index path per path wanted");
  // The shards are opened side by side, and share the processors.
  const int num_shards = std::max(1, static_cast<int>(paths.size()));
  const int num_threads = std::max(1, available_processors() / num_shards);
  ShardOptions options;
  options.build = index_options(builds_indexes, builds_indexes, num_threads);
  options.build.reading = {layout_of(layout), key_rule_of(keys), image_fields, label_field,
                           lists_left_out};
  std::vector<ShardOptions> shards;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    options.path = paths[i];
    options.index_path = index_paths[i];
    shards.push_back(options);
  }
  const std::vector<std::string> shard_names = strings_of(names);
  std::shared_ptr<PackReader> reader;
  Status status;
  {
    py::gil_scoped_release unlocked;
    status = PackReader::open(shards, shard_names, &reader);
  }
  raise_if_error(status);
  return reader;
}

using Int64Array = py::array_t<std::int64_t, py::array::c_style>;

std::vector<std::int64_t> numbers_of(const Int64Array& array) {
  if (array.ndim() != 1) throw py::value_error("wanted an array of one dimension");
  return {array.data(), array.data() + array.size()};
}

py::list left_out_of(const std::vector<LeftOut>& left_out) {
  py::list reasons;
  for (const LeftOut& one : left_out) {
    py::list examples;
    for (const std::string& example : one.examples) examples.append(py::bytes(example));
    reasons.append(py::make_tuple(printable(one.reason), one.count, examples));
  }
  return reasons;
}

const Shard& shard_of(const PackReader& reader, std::size_t index) {
  if (index >= reader.num_shards()) throw py::index_error("shard out of range");
  return reader.shard(index);
}

// What was found in one shard.
py::dict describe_shard(const PackReader& reader, std::size_t index) {
  const Shard& shard = shard_of(reader, index);
  return py::dict(
      py::arg("layout") = static_cast<std::uint32_t>(shard.layout()),
      py::arg("num_samples") = shard.size(), py::arg("num_classes") = shard.class_names().size(),
      py::arg("has_index") = shard.has_index(), py::arg("heic_positions") = shard.heic_positions(),
      py::arg("left_out") = left_out_of(shard.left_out()));
}

// How many images lie in the root of a folder, how many below, in how many folders.
py::tuple survey_folder(const py::bytes& root) {
  const std::string path = root;
  std::vector<Member> members;
  Status status;
  ImageCounts counts;
  {
    py::gil_scoped_release unlocked;
    status = walk_folder(path, &members);
    if (status.ok()) counts = count_images(members, "");
  }
  raise_if_error(status);
  return py::make_tuple(counts.root, counts.below, counts.folders);
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
  if (reader.label_kind() != LabelKind::kNames) return py::none();
  py::list names;
  for (const std::string& name : reader.class_names()) names.append(py::bytes(name));
  return names;
}

std::string fingerprint_of(const PackReader& reader, const std::string& name) {
  const FingerprintKind kind = name == "content" ? FingerprintKind::kContent
                               : name == "times" ? FingerprintKind::kTimes
                                                 : FingerprintKind::kSizes;
  std::uint64_t value = 0;
  Status status;
  {
    py::gil_scoped_release unlocked;
    status = reader.fingerprint(kind, &value);
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

// int64 [N, 3]: bytes of the image, when its file was written (ns since 1970), inode of the file.
py::array_t<std::int64_t> image_states_of(const PackReader& reader) {
  py::array_t<std::int64_t> states({reader.size(), std::int64_t{3}});
  std::int64_t* out = states.mutable_data();
  Status status;
  {
    py::gil_scoped_release unlocked;
    for (std::int64_t i = 0; status.ok() && i < reader.size(); ++i) {
      FileState state;
      status = reader.image_state(i, &state);
      out[3 * i] = static_cast<std::int64_t>(state.num_bytes);
      out[3 * i + 1] = state.mtime_ns;
      out[3 * i + 2] = static_cast<std::int64_t>(state.inode);
    }
  }
  raise_if_error(status);
  return states;
}

py::dict write_index_of(const py::bytes& tar_path, const py::bytes& index_path,
                        bool with_seek_index, int num_threads) {
  const std::string path = tar_path, to = index_path;
  const IndexOptions options = index_options(true, with_seek_index, num_threads);
  std::vector<std::uint8_t> index;
  IndexView view;
  Status status;
  std::int64_t num_unreadable = 0, num_seek_indexes = 0;
  {
    py::gil_scoped_release unlocked;
    status = write_index(path, to, options, &index, &num_unreadable);
    if (status.ok()) status = view.parse({index.data(), index.size()}, to, path);
    for (std::int64_t i = 0; status.ok() && i < view.size(); ++i) {
      num_seek_indexes += view.seek_index(i).size != 0;
    }
  }
  raise_if_error(status);
  return py::dict(py::arg("num_samples") = view.size(), py::arg("num_unreadable") = num_unreadable,
                  py::arg("num_seek_indexes") = num_seek_indexes,
                  py::arg("num_ignored") = view.header().num_ignored,
                  py::arg("left_out") = left_out_of(view.left_out()),
                  py::arg("num_classes") = view.class_names().size(),
                  py::arg("layout") = view.header().layout, py::arg("index_bytes") = index.size());
}

void register_reader(py::module_& module) {
  using Reader = std::shared_ptr<PackReader>;
  py::class_<PackReader, SampleSource, Reader>(module, "PackReader")
      .def(py::init(&open_reader), py::arg("paths"), py::kw_only(), py::arg("index_paths"),
           py::arg("names"), py::arg("layout"), py::arg("keys"), py::arg("image_fields"),
           py::arg("label_field"), py::arg("builds_indexes"), py::arg("lists_left_out"))
      .def(
          "select",
          [](PackReader& self, const Int64Array& positions) {
            raise_if_error(self.select(numbers_of(positions)));
          },
          py::arg("positions").noconvert())
      .def(
          "set_labels",
          [](PackReader& self, const Int64Array& labels) {
            raise_if_error(self.set_labels(numbers_of(labels)));
          },
          py::arg("labels").noconvert())
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
      .def("all_keys",
           [](const PackReader& self) {
             py::list keys;
             for (std::int64_t i = 0; i < self.size(); ++i) {
               keys.append(py::bytes(std::string(self.key(i))));
             }
             return keys;
           })
      .def("shard_begins", &PackReader::shard_begins)
      .def("class_names", &class_names_of)
      .def("fingerprint", &fingerprint_of, py::arg("kind"))
      .def("image_states", &image_states_of)
      .def("describe_shard", &describe_shard, py::arg("shard"));
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
      .def("prefetch", &SampleSource::prefetch, py::arg("first"), py::arg("last"),
           py::call_guard<py::gil_scoped_release>())
      .def("describe", [](const SampleSource& self, std::int64_t i) {
        return self.describe(checked(self, i));
      });
  register_reader(module);
  module.def("write_index", &write_index_of, py::arg("tar_path"), py::arg("index_path"),
             py::kw_only(), py::arg("with_seek_index"), py::arg("num_threads"));
  py::list extensions;
  for (const std::string_view one : kImageExtensions) extensions.append(py::str(std::string(one)));
  module.attr("IMAGE_EXTENSIONS") = py::tuple(extensions);
  module.def("survey_folder", &survey_folder, py::arg("root"));
}

}  // namespace fastpass
