#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bindings/gpu_handle.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "curate/gpu/gpu_search.h"
#include "curate/search/cluster.h"
#include "curate/search/hamming_search.h"

namespace fastpass {
namespace {

namespace py = pybind11;
using Codes = py::array_t<std::uint64_t, py::array::c_style>;
template <typename Value>
using Column = py::array_t<Value, py::array::c_style | py::array::forcecast>;

CodeArray view_of(const Codes& codes) {
  return {codes.data(), static_cast<std::size_t>(codes.shape(0)), static_cast<int>(codes.shape(1))};
}

SearchOptions options_of(int radius, const std::string& strategy, const std::string& kernels,
                         int num_threads) {
  SearchOptions options;
  options.radius = radius;
  options.num_threads = num_threads;
  if (strategy == "brute") options.strategy = SearchStrategy::kBruteForce;
  if (strategy == "multi_index") options.strategy = SearchStrategy::kMultiIndex;
  options.kernels = hamming_routines(kernels.c_str());
  if (options.kernels == nullptr) {
    raise_if_error({Fault::kBadArgument, "kernels = \"" + kernels + "\" cannot run here"});
  }
  return options;
}

// (first, second, distance), a column each.
py::tuple columns_of(const std::vector<IdPair>& pairs) {
  const auto size = static_cast<py::ssize_t>(pairs.size());
  py::array_t<std::int64_t> first(size), second(size);
  py::array_t<std::int32_t> distance(size);
  auto *a = first.mutable_data(), *b = second.mutable_data();
  auto* d = distance.mutable_data();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    a[i] = pairs[i].first;
    b[i] = pairs[i].second;
    d[i] = pairs[i].distance;
  }
  return py::make_tuple(first, second, distance);
}

std::vector<IdPair> pairs_of(const Column<std::uint32_t>& first,
                             const Column<std::uint32_t>& second) {
  std::vector<IdPair> pairs(static_cast<std::size_t>(first.size()));
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = {first.data()[i], second.data()[i], 0};
  }
  return pairs;
}

template <typename Value>
py::array_t<std::int64_t> as_column(const std::vector<Value>& values) {
  py::array_t<std::int64_t> column(static_cast<py::ssize_t>(values.size()));
  std::copy(values.begin(), values.end(), column.mutable_data());
  return column;
}

py::tuple pairs(const Codes& codes, int radius, const std::string& strategy,
                const std::string& kernels, int num_threads, std::size_t max_pairs) {
  const SearchOptions options = options_of(radius, strategy, kernels, num_threads);
  std::vector<IdPair> found;
  Status status;
  {
    const py::gil_scoped_release no_gil;
    status = find_pairs(view_of(codes), options, max_pairs, &found);
  }
  raise_if_error(status);
  return columns_of(found);
}

py::tuple matches(const Codes& queries, const Codes& codes, int radius, const std::string& strategy,
                  const std::string& kernels, int num_threads, std::size_t max_pairs) {
  const SearchOptions options = options_of(radius, strategy, kernels, num_threads);
  std::vector<IdPair> found;
  Status status;
  {
    const py::gil_scoped_release no_gil;
    status = find_matches(view_of(queries), view_of(codes), options, max_pairs, &found);
  }
  raise_if_error(status);
  return columns_of(found);
}

// `codes` None: within `queries`.
py::tuple device_pairs(GpuHandle& gpu, const Codes& queries, const std::optional<Codes>& codes,
                       int radius, std::size_t max_pairs) {
  std::vector<IdPair> found;
  const CodeArray a = view_of(queries);
  const CodeArray b = codes ? view_of(*codes) : a;
  Status status;
  {
    const py::gil_scoped_release no_gil;
    status = find_on_device(gpu.device.get(), gpu.compare.get(), a, codes ? &b : nullptr, radius,
                            max_pairs, &found);
  }
  raise_if_error(status);
  return columns_of(found);
}

std::vector<std::tuple<int, int, int, int>> plan_parts(std::size_t num_codes, int num_words,
                                                       int radius, std::size_t memory_bytes) {
  CodeArray codes;
  codes.size = num_codes;
  codes.num_words = num_words;
  std::vector<std::tuple<int, int, int, int>> parts;
  for (const SlotPart& part : plan_slot_parts(codes, radius, memory_bytes)) {
    parts.emplace_back(part.slot, part.first_part, part.second_part, part.part_bits);
  }
  return parts;
}

py::tuple part_pairs(const Codes& codes, const std::tuple<int, int, int, int>& part, int radius,
                     const std::string& kernels, int num_threads) {
  const SearchOptions options = options_of(radius, "multi_index", kernels, num_threads);
  const SlotPart wanted = {std::get<0>(part), std::get<1>(part), std::get<2>(part),
                           std::get<3>(part)};
  std::vector<IdPair> found;
  {
    const py::gil_scoped_release no_gil;
    find_part_pairs(view_of(codes), options, wanted, &found);
  }
  return columns_of(found);
}

py::tuple equal_codes(const Codes& codes) {
  EqualCodes equal;
  {
    const py::gil_scoped_release no_gil;
    equal = find_equal_codes(view_of(codes));
  }
  return py::make_tuple(as_column(equal.firsts), as_column(equal.first_of));
}

void join_pairs(UnionFind& sets, const Column<std::uint32_t>& first,
                const Column<std::uint32_t>& second) {
  const std::uint32_t *a = first.data(), *b = second.data();
  const py::gil_scoped_release no_gil;
  for (py::ssize_t i = 0; i < first.size(); ++i) sets.join(a[i], b[i]);
}

py::array_t<std::int64_t> stars(const Column<std::uint32_t>& ranks,
                                const Column<std::uint32_t>& first,
                                const Column<std::uint32_t>& second) {
  const std::vector<IdPair> given = pairs_of(first, second);
  const std::vector<std::uint32_t> order(ranks.data(), ranks.data() + ranks.size());
  std::vector<std::uint32_t> kept;
  {
    const py::gil_scoped_release no_gil;
    kept = star_clusters(order, given.data(), given.size());
  }
  return as_column(kept);
}

py::array_t<std::int64_t> diameters(const Codes& codes, const Column<std::uint32_t>& labels,
                                    int num_threads) {
  const std::vector<std::uint32_t> given(labels.data(), labels.data() + labels.size());
  std::vector<std::int32_t> found;
  {
    const py::gil_scoped_release no_gil;
    found = cluster_diameters(view_of(codes), given, num_threads);
  }
  return as_column(found);
}

std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  for (const HammingRoutines* routines : available_hamming_routines())
    names.emplace_back(routines->name);
  return names;
}

}  // namespace

void register_curate(py::module_& module) {
  module.def("hamming_routines", &kernel_names);
  module.def("hamming_pairs", &pairs, py::arg("codes").noconvert(), py::kw_only(),
             py::arg("radius"), py::arg("strategy"), py::arg("kernels"), py::arg("num_threads"),
             py::arg("max_pairs"));
  module.def("hamming_matches", &matches, py::arg("queries").noconvert(),
             py::arg("codes").noconvert(), py::kw_only(), py::arg("radius"), py::arg("strategy"),
             py::arg("kernels"), py::arg("num_threads"), py::arg("max_pairs"));
  module.def("device_pairs", &device_pairs, py::arg("gpu"), py::arg("queries").noconvert(),
             py::arg("codes"), py::kw_only(), py::arg("radius"), py::arg("max_pairs"));
  module.def("plan_slot_parts", &plan_parts, py::kw_only(), py::arg("num_codes"),
             py::arg("num_words"), py::arg("radius"), py::arg("memory_bytes"));
  module.def("slot_part_pairs", &part_pairs, py::arg("codes").noconvert(), py::arg("part"),
             py::kw_only(), py::arg("radius"), py::arg("kernels"), py::arg("num_threads"));
  module.def("equal_codes", &equal_codes, py::arg("codes").noconvert(),
             "(the first of each group of equal codes; [code]: the first of its group)");
  py::class_<UnionFind>(module, "UnionFind")
      .def(py::init<std::size_t>(), py::arg("size"))
      .def("join", &join_pairs, py::arg("first"), py::arg("second"))
      .def("labels", [](UnionFind& sets) { return as_column(sets.labels()); });
  module.def("star_clusters", &stars, py::arg("ranks"), py::arg("first"), py::arg("second"));
  module.def("cluster_diameters", &diameters, py::arg("codes").noconvert(), py::arg("labels"),
             py::arg("num_threads"));
}

}  // namespace fastpass
