#include <pybind11/stl.h>

#include <cstring>

#include "bindings/buffers.h"
#include "bindings/foreign_decoder.h"
#include "bindings/format_names.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "common/owner_process.h"
#include "decode/decoder_registry.h"
#include "feed/feed_engine.h"
#include "feed/gpu_slot.h"

namespace fastpass {
namespace {

namespace py = pybind11;

// How long a wait may last before Python gets to look for Ctrl-C.
constexpr double kSignalCheckSeconds = 0.1;

// Owns the FeedEngine for Python: its threads may need the GIL to finish, so it is let go without.
// In a forked process everything is kClosed, and what it owns is left as it is.
class FeedEngineHandle {
 public:
  FeedEngineHandle(std::shared_ptr<const SampleSource> source, FeedOptions options,
                   py::function foreign_decoder, std::shared_ptr<Gpu> gpu)
      : is_host_memory_(gpu == nullptr || gpu->is_host_memory),
        engine_(std::make_unique<FeedEngine>(std::move(source), std::move(options),
                                             make_foreign_decoder(std::move(foreign_decoder)),
                                             std::move(gpu))) {
    raise_if_error(engine_->start());
  }
  ~FeedEngineHandle() {
    if (!process_.is_here()) {
      static_cast<void>(engine_.release());
      return;
    }
    const py::gil_scoped_release no_gil;
    engine_.reset();
  }
  FeedEngineHandle(const FeedEngineHandle&) = delete;
  FeedEngineHandle& operator=(const FeedEngineHandle&) = delete;

  const FeedEngine& counts() const { return *engine_; }  // safe in any process

  void submit(std::vector<std::int64_t> positions, std::uint32_t epoch) {
    FeedEngine& engine = this->engine();
    Status status;
    {
      const py::gil_scoped_release no_gil;
      status = engine.submit(std::move(positions), epoch);
    }
    raise_if_error(status);
  }

  void prefetch(const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges) {
    std::vector<PositionRange> wanted;
    for (const auto& [first, last] : ranges) wanted.push_back({first, last});
    raise_if_error(engine().prefetch(wanted));
  }

  // (views, sample ids, positions, labels, skipped, outputs of the operations). What is queued on
  // `stream` from now on sees the views whole; they are not overwritten before what is queued there
  // when the last of them goes.
  py::tuple wait(std::uintptr_t stream) {
    FeedEngine& engine = this->engine();
    std::shared_ptr<BatchSlot> slot;
    while (!slot) {
      Status status;
      {
        const py::gil_scoped_release no_gil;
        status = engine.wait(kSignalCheckSeconds, &slot);
      }
      raise_if_error(status);
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    }
    auto batch = std::make_shared<HandedOut>(std::move(slot));
    raise_if_error(batch->begin(reinterpret_cast<Stream>(stream)));
    return to_tuple(batch);
  }

  void cancel() {
    if (process_.is_here()) engine_->cancel();
  }

  void close() {
    if (!process_.is_here()) return;
    const py::gil_scoped_release no_gil;
    engine_->close();
  }

 private:
  FeedEngine& engine() {
    raise_if_error(process_.check("loader"));
    return *engine_;
  }

  // [N, 3, size, size], whatever the order in memory.
  static py::array show(const BatchLayout& layout, std::int64_t num_samples, int size,
                        const void* memory, const py::capsule& owner) {
    const std::vector<py::ssize_t> shape = {num_samples, 3, size, size};
    const Dtype dtype = layout.format.dtype;
    if (layout.format.memory_format == MemoryFormat::kContiguous) {
      return py::array(py::dtype(numpy_name(dtype)), shape, memory, owner);
    }
    const py::ssize_t value = dtype_bytes(dtype), side = size;
    return py::array(py::dtype(numpy_name(dtype)), shape,
                     {3 * side * side * value, value, 3 * side * value, 3 * value}, memory, owner);
  }

  // In the consumer's hands as long as an array shows it.
  class HandedOut {
   public:
    explicit HandedOut(std::shared_ptr<BatchSlot> slot) : slot_(std::move(slot)) {}
    ~HandedOut() {
      if (auto* on_gpu = dynamic_cast<GpuSlot*>(slot_.get())) on_gpu->release();
    }
    HandedOut(const HandedOut&) = delete;
    HandedOut& operator=(const HandedOut&) = delete;

    Status begin(Stream stream) {
      auto* on_gpu = dynamic_cast<GpuSlot*>(slot_.get());
      return on_gpu == nullptr ? Status() : on_gpu->hand_out(stream);
    }
    const BatchSlot& slot() const { return *slot_; }

   private:
    const std::shared_ptr<BatchSlot> slot_;
  };

  // What an array holds on to.
  struct Kept {
    std::shared_ptr<HandedOut> batch;
    OwnerProcess process;
  };

  // What torch takes for a tensor on a GPU: an object with __cuda_array_interface__.
  static py::object show_on_gpu(const py::array& array, const py::capsule& owner) {
    py::dict interface;
    interface["shape"] = array.attr("shape");
    interface["strides"] = array.attr("strides");
    // torch knows no unsigned 16-bit arrays there; the bits of a bfloat16 are all the same to it.
    const bool is_bits = array.dtype().kind() == 'u' && array.itemsize() == 2;
    interface["typestr"] = is_bits ? py::str("<i2") : py::str(array.dtype().attr("str"));
    interface["data"] =
        py::make_tuple(reinterpret_cast<std::uintptr_t>(array.data()), /*read-only=*/false);
    interface["version"] = 3;
    py::object shown = py::module_::import("types").attr("SimpleNamespace")();
    shown.attr("__cuda_array_interface__") = interface;
    shown.attr("owner") = owner;
    return shown;
  }

  py::capsule owner_of(const std::shared_ptr<HandedOut>& batch) const {
    return py::capsule(new Kept{batch, process_}, [](void* held) {
      auto* kept = static_cast<Kept*>(held);
      if (kept->process.is_here()) delete kept;
    });
  }

  py::tuple to_tuple(const std::shared_ptr<HandedOut>& batch) const {
    const BatchLayout& layout = engine_->layout();
    const BatchSlot* slot = &batch->slot();
    py::list views;
    for (std::size_t view = 0; view < slot->views.size(); ++view) {
      const py::capsule owner = owner_of(batch);
      const py::array array =
          show(layout, slot->num_samples, layout.view_sizes[view], slot->views[view], owner);
      views.append(is_host_memory_ ? py::object(array) : show_on_gpu(array, owner));
    }
    py::list op_outputs;
    for (std::size_t i = 0; i < slot->op_outputs.size(); ++i) {
      const std::vector<py::ssize_t> shape = {slot->num_samples,
                                              static_cast<py::ssize_t>(layout.op_output_bytes[i])};
      op_outputs.append(py::array(py::dtype("uint8"), shape, slot->op_outputs[i], owner_of(batch)));
    }
    py::list skipped;
    for (const SkippedSample& sample : slot->skipped) {
      skipped.append(py::make_tuple(sample.sample_id, make_exception(sample.reason)));
    }
    const auto copy = [](const std::vector<std::int64_t>& values) {
      return py::array_t<std::int64_t>(static_cast<py::ssize_t>(values.size()), values.data());
    };
    return py::make_tuple(views, copy(slot->sample_ids), copy(slot->positions), copy(slot->labels),
                          skipped, op_outputs);
  }

  const OwnerProcess process_;
  const bool is_host_memory_;
  std::unique_ptr<FeedEngine> engine_;
};

std::unique_ptr<FeedEngineHandle> make_feed_engine(std::shared_ptr<SampleSource> source,
                                                   SampleOptions sample, std::int64_t batch_size,
                                                   int num_threads, const std::string& dtype,
                                                   std::uint64_t seed, bool skip_damaged,
                                                   const std::string& decoder, bool reads_by_pread,
                                                   bool channels_last, py::function foreign_decoder,
                                                   std::shared_ptr<Gpu> gpu) {
  if (make_decoder(decoder) == nullptr) {
    raise_if_error({Fault::kBadArgument, "no JPEG decoder named \"" + decoder + "\""});
  }
  if (batch_size < 1 || num_threads < 1) {
    raise_if_error({Fault::kBadArgument, "batch_size = " + std::to_string(batch_size) +
                                             " and num_threads = " + std::to_string(num_threads) +
                                             ", wanted at least 1 of each"});
  }
  FeedOptions options;
  options.sample = std::move(sample);
  options.format = view_format(dtype, channels_last);
  options.batch_size = batch_size;
  options.num_threads = num_threads;
  options.seed = seed;
  options.skip_damaged = skip_damaged;
  options.decoder = decoder;
  options.reads_by_pread = reads_by_pread;
  return std::make_unique<FeedEngineHandle>(std::move(source), std::move(options),
                                            std::move(foreign_decoder), std::move(gpu));
}

py::dict stage_times(const FeedEngineHandle& handle) {
  const StageTimes& times = handle.counts().times();
  py::dict result;
  result["read_seconds"] = static_cast<double>(times.read_nanoseconds) * 1e-9;
  result["decode_seconds"] = static_cast<double>(times.decode_nanoseconds) * 1e-9;
  result["augment_seconds"] = static_cast<double>(times.augment_nanoseconds) * 1e-9;
  result["num_images"] = static_cast<std::int64_t>(times.num_images);
  result["num_slots"] = handle.counts().num_slots();
  return result;
}

}  // namespace

void register_feed(py::module_& module) {
  py::class_<FeedEngineHandle>(module, "FeedEngine")
      .def(py::init(&make_feed_engine), py::arg("source"), py::arg("options"), py::kw_only(),
           py::arg("batch_size"), py::arg("num_threads"), py::arg("dtype"), py::arg("seed"),
           py::arg("skip_damaged"), py::arg("decoder"), py::arg("reads_by_pread"),
           py::arg("channels_last"), py::arg("foreign_decoder"), py::arg("gpu") = py::none())
      .def("submit", &FeedEngineHandle::submit, py::arg("positions"), py::arg("epoch"))
      .def("prefetch", &FeedEngineHandle::prefetch, py::arg("ranges"))
      .def("wait", &FeedEngineHandle::wait, py::arg("stream") = 0)
      .def("cancel", &FeedEngineHandle::cancel)
      .def("close", &FeedEngineHandle::close)
      .def("stage_times", &stage_times);
}

}  // namespace fastpass
