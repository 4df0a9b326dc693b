// Close codes, and groups of them. Whatever an array holds, it is checked here before it is used.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <tuple>
#include <vector>

#include "bindings/gpu_handle.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "curate/gpu/gpu_search.h"
#include "curate/search/cluster.h"
#include "curate/search/equal_codes.h"
#include "curate/search/hamming_search.h"

namespace fastpass {
namespace {

namespace py = pybind11;
// Taken as they are, without a conversion: the Python side makes them.
using Codes = py::array_t<std::uint64_t, py::array::c_style>;
using Items = py::array_t<std::uint32_t, py::array::c_style>;

constexpr std::int64_t kMostItems = std::numeric_limits<std::uint32_t>::max() - 1;
constexpr int kMostWords = 128;
constexpr int kMostThreads = 1024;

void require(bool is_met, const std::string& what) {
  if (!is_met) raise_if_error({Fault::kBadArgument, what});
}

CodeArray view_of(const Codes& codes) {
  require(codes.ndim() == 2, "codes must be an array of two dimensions");
  require(codes.shape(0) <= kMostItems, "too many codes");
  require(codes.shape(1) >= 1 && codes.shape(1) <= kMostWords, "codes of 1 to 128 words wanted");
  require(reinterpret_cast<std::uintptr_t>(codes.data()) % alignof(std::uint64_t) == 0,
          "codes must be aligned in memory");
  return {codes.data(), static_cast<std::size_t>(codes.shape(0)), static_cast<int>(codes.shape(1))};
}

std::vector<std::uint32_t> items_of(const Items& items, const char* name) {
  require(items.ndim() == 1, std::string(name) + " must be an array of one dimension");
  return {items.data(), items.data() + items.size()};
}

void require_below(const std::vector<std::uint32_t>& items, std::size_t size, const char* name) {
  const bool is_below =
      std::all_of(items.begin(), items.end(), [size](std::uint32_t item) { return item < size; });
  require(is_below, std::string(name) + " names an item that is not there");
}

std::vector<IdPair> pairs_of(const Items& first, const Items& second, std::size_t size) {
  const std::vector<std::uint32_t> a = items_of(first, "first"), b = items_of(second, "second");
  require(a.size() == b.size(), "first and second must be of one length");
  require_below(a, size, "first");
  require_below(b, size, "second");
  std::vector<IdPair> pairs(a.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {a[i], b[i], 0};
  return pairs;
}

SearchOptions options_of(const CodeArray& codes, int radius, const std::string& backend,
                         const std::string& instruction_set, int num_threads) {
  require(radius >= 0 && radius <= 64 * codes.num_words, "the radius must be 0 to the code's bits");
  require(num_threads >= 1 && num_threads <= kMostThreads, "1 to 1024 threads wanted");
  SearchOptions options;
  options.radius = radius;
  options.num_threads = num_threads;
  if (backend == "brute") options.backend = SearchBackend::kBrute;
  if (backend == "multi_index") options.backend = SearchBackend::kMultiIndex;
  options.routines = hamming_routines(instruction_set.c_str());
  require(options.routines != nullptr,
          "instruction_set = \"" + instruction_set + "\" cannot run here");
  return options;
}

// Runs `work`, which returns a Status, without the GIL.
template <typename Work>
void run(const Work& work) {
  Status status;
  try {
    const py::gil_scoped_release no_gil;
    status = work();
  } catch (const std::bad_alloc&) {
    status = {Fault::kOutOfMemory, "no memory for this search: take a smaller radius"};
  }
  raise_if_error(status);
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

template <typename Value>
py::array_t<std::int64_t> as_column(const std::vector<Value>& values) {
  py::array_t<std::int64_t> column(static_cast<py::ssize_t>(values.size()));
  std::copy(values.begin(), values.end(), column.mutable_data());
  return column;
}

// How to search: on the CPU, or on `gpu` where it is not None.
class Search {
 public:
  Search(GpuHandle* gpu, int radius, const std::string& backend, const std::string& instruction_set,
         int num_threads)
      : gpu_(gpu),
        radius_(radius),
        backend_(backend),
        instruction_set_(instruction_set),
        num_threads_(num_threads) {}

  py::tuple pairs(const Codes& codes, std::uint64_t max_pairs) const {
    const CodeArray array = view_of(codes);
    std::vector<IdPair> found;
    run([&, find = finder(array)] {
      return find_pairs(find_equal_codes(array), find, max_pairs, &found);
    });
    return columns_of(found);
  }

  // ([code]: the first that is equal to it; first, second, distance of pairs of such)
  py::tuple distinct_pairs(const Codes& codes, std::uint64_t max_pairs) const {
    const CodeArray array = view_of(codes);
    EqualCodes equal;
    std::vector<IdPair> found;
    run([&, find = finder(array)] {
      equal = find_equal_codes(array);
      return find_distinct_pairs(equal, find, max_pairs, &found);
    });
    return py::make_tuple(as_column(equal.first_of), columns_of(found));
  }

  std::uint64_t num_pairs(const Codes& codes) const {
    const CodeArray array = view_of(codes);
    std::uint64_t count = 0;
    run([&, find = finder(array)] { return count_pairs(find_equal_codes(array), find, &count); });
    return count;
  }

  py::tuple matches(const Codes& queries, const Codes& codes, std::uint64_t max_pairs) const {
    const CodeArray a = view_of(queries), b = view_of(codes);
    require(a.num_words == b.num_words, "queries and codes must be of one size");
    const SearchOptions options = options_for(b);
    std::vector<IdPair> found;
    run([&] {
      PairCollector collector(max_pairs);
      if (gpu_ == nullptr) {
        find_between(a, b, options, &collector);
      } else {
        FASTPASS_RETURN_IF_ERROR(
            find_between_on_gpu(gpu_->device.get(), gpu_->search.get(), a, b, radius_, &collector));
      }
      if (collector.is_over()) return too_many_pairs(collector.total(), max_pairs);
      found = collector.take();
      std::sort(found.begin(), found.end());
      return Status();
    });
    return columns_of(found);
  }

 private:
  SearchOptions options_for(const CodeArray& codes) const {
    return options_of(codes, radius_, backend_, instruction_set_, num_threads_);
  }
  FindWithin finder(const CodeArray& codes) const {
    return [=, options = options_for(codes)](const std::vector<std::uint32_t>& chosen,
                                             PairCollector* pairs) {
      if (gpu_ != nullptr) {
        return find_within_on_gpu(gpu_->device.get(), gpu_->search.get(), codes, chosen, radius_,
                                  pairs);
      }
      find_within(codes, chosen, options, pairs);
      return Status();
    };
  }

  GpuHandle* const gpu_;  // held by Python
  const int radius_;
  const std::string backend_, instruction_set_;
  const int num_threads_;
};

std::vector<std::tuple<int, int, int, int>> plan_parts(std::size_t num_codes, int num_words,
                                                       int radius, std::size_t memory_bytes) {
  require(num_words >= 1 && num_words <= kMostWords, "codes of 1 to 128 words wanted");
  CodeArray codes;
  codes.size = num_codes;
  codes.num_words = num_words;
  std::vector<std::tuple<int, int, int, int>> parts;
  for (const SlotPart& part : plan_slot_parts(codes, radius, memory_bytes)) {
    parts.emplace_back(part.slot, part.first_part, part.second_part, part.part_bits);
  }
  return parts;
}

SlotPart part_of(const std::array<int, 4>& numbers, const CodeArray& codes) {
  const SlotPart part = {numbers[0], numbers[1], numbers[2], numbers[3]};
  const int num_parts = part.part_bits >= 0 && part.part_bits <= 8 ? 1 << part.part_bits : 0;
  const auto is_part = [num_parts](int value) { return value >= 0 && value < num_parts; };
  require(part.slot >= 0 && part.slot < codes.num_words * kSlotsPerWord &&
              is_part(part.first_part) && is_part(part.second_part),
          "this part is not one of CodeFile.parts()");
  return part;
}

py::tuple part_pairs(const Codes& codes, const std::array<int, 4>& part, int radius,
                     int num_threads) {
  const CodeArray array = view_of(codes);
  const SearchOptions options = options_of(array, radius, "multi_index", "auto", num_threads);
  const SlotPart wanted = part_of(part, array);
  std::vector<IdPair> found;
  run([&] {
    find_part_pairs(array, options, wanted, &found);
    return Status();
  });
  return columns_of(found);
}

py::array_t<std::int64_t> equal_codes(const Codes& codes) {
  const CodeArray array = view_of(codes);
  EqualCodes equal;
  run([&] {
    equal = find_equal_codes(array);
    return Status();
  });
  return as_column(equal.first_of);
}

void join_pairs(UnionFind& sets, const Items& first, const Items& second) {
  const std::vector<IdPair> pairs = pairs_of(first, second, sets.size());
  const py::gil_scoped_release no_gil;
  for (const IdPair& pair : pairs) sets.join(pair.first, pair.second);
}

py::array_t<std::int64_t> stars(const Items& ranks, const Items& first, const Items& second) {
  const std::vector<std::uint32_t> order = items_of(ranks, "ranks");
  const std::vector<IdPair> pairs = pairs_of(first, second, order.size());
  require_below(order, order.size(), "ranks");
  std::vector<bool> is_taken(order.size(), false);
  for (const std::uint32_t rank : order) is_taken[rank] = true;
  require(std::find(is_taken.begin(), is_taken.end(), false) == is_taken.end(),
          "ranks must hold every rank once");
  std::vector<std::uint32_t> kept;
  run([&] {
    kept = star_clusters(order, pairs.data(), pairs.size());
    return Status();
  });
  return as_column(kept);
}

py::array_t<std::int64_t> diameters(const Codes& codes, const Items& labels, int num_threads) {
  const CodeArray array = view_of(codes);
  const std::vector<std::uint32_t> given = items_of(labels, "labels");
  require(given.size() == array.size, "codes and labels must be of one length");
  require(num_threads >= 1 && num_threads <= kMostThreads, "1 to 1024 threads wanted");
  std::vector<std::int32_t> found;
  run([&] {
    found = cluster_diameters(array, given, num_threads);
    return Status();
  });
  return as_column(found);
}

std::vector<std::string> routine_names() {
  std::vector<std::string> names;
  for (const HammingRoutines* routines : available_hamming_routines())
    names.emplace_back(routines->name);
  return names;
}

UnionFind make_sets(std::int64_t size) {
  require(size >= 0 && size <= kMostItems, "0 to 2^32 - 2 items wanted");
  return UnionFind(static_cast<std::size_t>(size));
}

}  // namespace

void register_curate(py::module_& module) {
  module.def("hamming_routines", &routine_names);
  py::class_<Search>(module, "HammingSearch")
      .def(py::init<GpuHandle*, int, const std::string&, const std::string&, int>(),
           py::arg("gpu").none(true), py::kw_only(), py::arg("radius"), py::arg("backend"),
           py::arg("instruction_set"), py::arg("num_threads"), py::keep_alive<1, 2>())
      .def("pairs", &Search::pairs, py::arg("codes").noconvert(), py::arg("max_pairs"))
      .def("distinct_pairs", &Search::distinct_pairs, py::arg("codes").noconvert(),
           py::arg("max_pairs"))
      .def("num_pairs", &Search::num_pairs, py::arg("codes").noconvert())
      .def("matches", &Search::matches, py::arg("queries").noconvert(),
           py::arg("codes").noconvert(), py::arg("max_pairs"));
  module.def("plan_slot_parts", &plan_parts, py::kw_only(), py::arg("num_codes"),
             py::arg("num_words"), py::arg("radius"), py::arg("memory_bytes"));
  module.def("slot_part_pairs", &part_pairs, py::arg("codes").noconvert(), py::arg("part"),
             py::kw_only(), py::arg("radius"), py::arg("num_threads"));
  module.def("equal_codes", &equal_codes, py::arg("codes").noconvert(),
             "[code]: the first that is equal to it");
  py::class_<UnionFind>(module, "UnionFind")
      .def(py::init(&make_sets), py::arg("size"))
      .def("join", &join_pairs, py::arg("first").noconvert(), py::arg("second").noconvert())
      .def("labels", [](UnionFind& sets) { return as_column(sets.labels()); });
  module.def("star_clusters", &stars, py::arg("ranks").noconvert(), py::arg("first").noconvert(),
             py::arg("second").noconvert());
  module.def("cluster_diameters", &diameters, py::arg("codes").noconvert(),
             py::arg("labels").noconvert(), py::arg("num_threads"));
}

}  // namespace fastpass
