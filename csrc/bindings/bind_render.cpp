// Views of single images, on the CPU or on a GPU.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "augment/check.h"
#include "bindings/buffers.h"
#include "bindings/foreign_decoder.h"
#include "bindings/format_names.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "bindings/view_memory.h"
#include "bindings/view_op.h"
#include "decode/decoder_pool.h"
#include "feed/gpu_batch.h"
#include "feed/render_sample.h"
#include "feed/sample_plan.h"

namespace fastpass {
namespace {

namespace py = pybind11;
using PixelArray = py::array_t<std::uint8_t, py::array::c_style>;
using Params = std::vector<ViewParams>;
using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint32_t>;  // seed, sample id, epoch

constexpr std::size_t kMostViews = std::size_t{1} << 16;  // DrawKey::view_id has 16 bits

SampleOptions make_sample_options(std::vector<ViewSpec> views, std::vector<ViewOps> ops,
                                  bool may_scale, std::int64_t max_pixels,
                                  std::int64_t max_scan_blocks, bool fill_damage,
                                  bool apply_orientation) {
  if (views.empty() || views.size() > kMostViews) {
    raise_if_error({Fault::kBadArgument, std::to_string(views.size()) + " views, wanted 1 to " +
                                             std::to_string(kMostViews)});
  }
  for (const ViewSpec& spec : views) raise_if_error(check_spec(spec));
  SampleOptions options;
  options.views = std::move(views);
  options.ops = std::move(ops);
  options.may_scale = may_scale;
  options.decode.max_pixels = max_pixels;
  options.decode.max_scan_blocks = max_scan_blocks;
  options.decode.on_damage = fill_damage ? OnDamage::kFill : OnDamage::kRaise;
  options.decode.applies_orientation = apply_orientation;
  return options;
}

Draws draws_of(const Key& key, const std::optional<Params>& params) {
  Draws draws;
  std::tie(draws.key.seed, draws.key.sample_id, draws.key.epoch) = key;
  draws.before = params ? &*params : nullptr;
  return draws;
}

ImageView view_of(const PixelArray& pixels) {
  if (pixels.ndim() != 3 || pixels.shape(2) != 3) {
    raise_if_error({Fault::kBadArgument, "pixels must be of shape [height, width, 3]"});
  }
  raise_if_error(check_source_size(pixels.shape(0), pixels.shape(1)));
  return {const_cast<std::uint8_t*>(pixels.data()),  // only read
          static_cast<int>(pixels.shape(0)), static_cast<int>(pixels.shape(1)), 3,
          pixels.strides(0)};
}

struct EmptyViews {
  // Views, and outputs of their operations as uint8 [bytes].
  py::tuple arrays() const { return py::make_tuple(views, op_outputs); }

  py::list views, op_outputs;
  SampleOutputs memory;
};

std::uint8_t* append_array(const char* dtype, std::vector<py::ssize_t> shape, py::list* arrays) {
  py::array made(py::dtype(dtype), std::move(shape));
  auto* memory = static_cast<std::uint8_t*>(made.mutable_data());
  arrays->append(std::move(made));
  return memory;
}

EmptyViews empty_views(const SampleOptions& options, Dtype dtype) {
  EmptyViews made;
  for (const ViewSpec& spec : options.views) {
    made.memory.views.push_back(
        append_array(numpy_name(dtype), {3, spec.size, spec.size}, &made.views));
  }
  for (const std::size_t bytes : op_output_bytes(options)) {
    made.memory.ops.push_back(
        append_array("uint8", {static_cast<py::ssize_t>(bytes)}, &made.op_outputs));
  }
  return made;
}

// The views of an encoded image on the CPU, and the outputs of their operations.
py::tuple render_image(const py::buffer& image, const SampleOptions& options, const Key& key,
                       const std::optional<Params>& params, const std::string& dtype,
                       bool normalize, py::function foreign) {
  const BorrowedBytes bytes(image);
  const ViewFormat format = view_format(dtype, /*channels_last=*/false, normalize);
  const ForeignDecoder foreign_decoder = make_foreign_decoder(std::move(foreign));
  const EmptyViews views = empty_views(options, format.dtype);
  const auto run = [&]() -> Status {
    const DecoderLease decoder("auto");
    PixelBuffer pixels;
    SamplePlan plan;
    const WholeImageDecoder whole = {decoder.get(), &foreign_decoder, &pixels};
    FASTPASS_RETURN_IF_ERROR(
        plan_sample(bytes.span(), {}, draws_of(key, params), options, whole, &plan));
    FASTPASS_RETURN_IF_ERROR(decode_sample(plan, decoder.get(), &pixels));
    return render_sample(plan, pixels.view(), options, format, views.memory, &thread_renderer());
  };
  run_without_gil(run);
  return views.arrays();
}

// The same of uint8 pixels [height, width, 3].
py::tuple render_pixels(const PixelArray& image, const SampleOptions& options, const Key& key,
                        const std::optional<Params>& params, const std::string& dtype,
                        bool normalize) {
  const ImageView pixels = view_of(image);
  const ViewFormat format = view_format(dtype, /*channels_last=*/false, normalize);
  const EmptyViews views = empty_views(options, format.dtype);
  const auto run = [&]() -> Status {
    SamplePlan plan;
    FASTPASS_RETURN_IF_ERROR(plan_pixels(pixels, draws_of(key, params), options, &plan));
    return render_sample(plan, pixels, options, format, views.memory, &thread_renderer());
  };
  run_without_gil(run);
  return views.arrays();
}

// Views of encoded images on a GPU, image by image. One user at a time.
class GpuImageRenderer {
 public:
  explicit GpuImageRenderer(std::shared_ptr<Gpu> gpu) : gpu_(std::move(gpu)), batch_(gpu_) {
    raise_if_error(batch_.open());
    raise_if_error(gpu_->device->make_event(&turn_));
    batch_.reserve(1);
  }
  ~GpuImageRenderer() { gpu_->device->free_event(turn_); }
  GpuImageRenderer(const GpuImageRenderer&) = delete;
  GpuImageRenderer& operator=(const GpuImageRenderer&) = delete;

  // outputs[view]: the address of [3, size, size] values in the GPU's memory. They are written
  // behind what is queued on `stream`, and there before what is queued on it from now on.
  void render(const py::buffer& image, const SampleOptions& options, const Key& key,
              const std::optional<Params>& params, const std::vector<std::uintptr_t>& outputs,
              bool normalize, std::uintptr_t stream, py::function foreign) {
    const BorrowedBytes bytes(image);
    const ViewFormat format = view_format("float32", /*channels_last=*/false, normalize);
    const ForeignDecoder foreign_decoder = make_foreign_decoder(std::move(foreign));
    const std::vector<std::uint8_t*> memory = pointers(outputs, options.views.size());
    const auto run = [&]() -> Status {
      FASTPASS_RETURN_IF_ERROR(plan(bytes.span(), draws_of(key, params), options, foreign_decoder));
      FASTPASS_RETURN_IF_ERROR(batch_.queue_decoding({0}));
      std::vector<Status> statuses(1);
      FASTPASS_RETURN_IF_ERROR(batch_.finish_decoding("auto", &statuses));
      FASTPASS_RETURN_IF_ERROR(statuses[0]);
      const auto consumer = reinterpret_cast<Stream>(stream);
      FASTPASS_RETURN_IF_ERROR(follow(consumer, batch_.stream()));
      FASTPASS_RETURN_IF_ERROR(batch_.queue_views({0}, options.views, format, memory));
      return follow(batch_.stream(), consumer);
    };
    run_without_gil(run);
  }

 private:
  Status plan(Span bytes, const Draws& draws, const SampleOptions& options,
              const ForeignDecoder& foreign) {
    const DecoderLease decoder("auto");
    GpuSample& sample = batch_.sample(0);
    const WholeImageDecoder whole = {decoder.get(), &foreign, &sample.image.pixels};
    FASTPASS_RETURN_IF_ERROR(plan_sample(bytes, {}, draws, options, whole, &sample.plan));
    return GpuBatch::plan_image(&planner_, &sample);
  }

  // What is queued on `second` from now on runs behind what is queued on `first`.
  Status follow(Stream first, Stream second) {
    FASTPASS_RETURN_IF_ERROR(gpu_->device->record(turn_, first));
    return gpu_->device->wait(second, turn_);
  }

  const std::shared_ptr<Gpu> gpu_;
  GpuBatch batch_;
  ImagePlanner planner_;
  Event turn_ = nullptr;
};

}  // namespace

void register_render(py::module_& module) {
  py::class_<ViewOp>(module, "ViewOp")
      .def(py::init(&make_view_op), py::kw_only(), py::arg("name"), py::arg("is_normalized"),
           py::arg("address"), py::arg("call"), py::arg("output_bytes"));
  py::class_<SampleOptions>(module, "SampleOptions")
      .def(py::init(&make_sample_options), py::kw_only(), py::arg("views"), py::arg("ops"),
           py::arg("may_scale"), py::arg("max_pixels"), py::arg("max_scan_blocks"),
           py::arg("fill_damage"), py::arg("apply_orientation"));
  module.def("render_image", &render_image, py::arg("image"), py::arg("options"), py::kw_only(),
             py::arg("key"), py::arg("params"), py::arg("dtype"), py::arg("normalize"),
             py::arg("foreign_decoder"));
  module.def("render_pixels", &render_pixels, py::arg("image").noconvert(), py::arg("options"),
             py::kw_only(), py::arg("key"), py::arg("params"), py::arg("dtype"),
             py::arg("normalize"));
  py::class_<GpuImageRenderer>(module, "GpuImageRenderer")
      .def(py::init<std::shared_ptr<Gpu>>(), py::arg("gpu"))
      .def("render", &GpuImageRenderer::render, py::arg("image"), py::arg("options"), py::kw_only(),
           py::arg("key"), py::arg("params"), py::arg("outputs"), py::arg("normalize"),
           py::arg("stream"), py::arg("foreign_decoder"));
}

}  // namespace fastpass
