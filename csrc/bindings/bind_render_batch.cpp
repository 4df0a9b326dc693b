// Views of batches of images that somebody else decoded, where their pixels are.
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "augment/gpu/batch_renderer.h"
#include "bindings/format_names.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "bindings/view_memory.h"
#include "common/gpu/fence.h"
#include "common/parallel_for.h"
#include "feed/gpu.h"
#include "feed/render_sample.h"
#include "feed/sample_plan.h"

namespace fastpass {
namespace {

namespace py = pybind11;
using Params = std::vector<ViewParams>;
using Images = std::vector<std::tuple<std::uintptr_t, int, int>>;  // address, height, width
using ManyParams = std::optional<std::vector<Params>>;             // [image]

// A batch of images that somebody else decoded: RGB, rows without padding.
struct DecodedBatch {
  std::vector<ImageView> images;
  std::uint64_t seed;
  std::uint32_t epoch;
  std::vector<std::uint64_t> sample_ids;  // [image], unless there are params
  ManyParams params;

  Status plan(std::size_t image, const SampleOptions& options, SamplePlan* plan) const {
    Draws draws;
    draws.key.seed = seed;
    draws.key.epoch = epoch;
    if (params) {
      draws.before = &(*params)[image];
    } else {
      draws.key.sample_id = sample_ids[image];
    }
    return plan_pixels(images[image], draws, options, plan)
        .at("images[" + std::to_string(image) + "]");
  }
};

DecodedBatch make_batch(const Images& images, std::uint64_t seed, std::uint32_t epoch,
                        std::vector<std::uint64_t> sample_ids, ManyParams params) {
  DecodedBatch batch{{}, seed, epoch, std::move(sample_ids), std::move(params)};
  for (const auto& [address, height, width] : images) {
    batch.images.push_back(
        {reinterpret_cast<std::uint8_t*>(address), height, width, 3, std::ptrdiff_t{3} * width});
  }
  const std::size_t count = batch.params ? batch.params->size() : batch.sample_ids.size();
  if (count != images.size()) throw py::value_error("one sample id, or params, per image");
  return batch;
}

// outputs[view]: the address of [N, 3, size, size] values.
void render_on_cpu(const Images& images, const SampleOptions& options, std::uint64_t seed,
                   std::uint32_t epoch, std::vector<std::uint64_t> sample_ids, ManyParams params,
                   const std::vector<std::uintptr_t>& outputs, const std::string& dtype,
                   bool normalize, bool channels_last, int num_threads) {
  const ViewFormat format = view_format(dtype, channels_last, normalize);
  const DecodedBatch batch =
      make_batch(images, seed, epoch, std::move(sample_ids), std::move(params));
  const std::vector<std::uint8_t*> memory = pointers(outputs, options.views.size());
  std::vector<Status> statuses(images.size());
  const auto render_one = [&](std::int64_t index, int) {
    const auto i = static_cast<std::size_t>(index);
    SamplePlan plan;
    statuses[i] = batch.plan(i, options, &plan);
    if (!statuses[i].ok()) return;
    SampleOutputs own;
    own.views = memory;
    for (std::size_t view = 0; view < memory.size(); ++view) {
      own.views[view] += i * view_bytes(options.views[view].size, format.dtype);
    }
    statuses[i] = render_sample(plan, batch.images[i], options, format, own, &thread_renderer());
  };
  {
    const py::gil_scoped_release no_gil;
    parallel_for(static_cast<std::int64_t>(images.size()), num_threads, render_one);
  }
  for (const Status& status : statuses) raise_if_error(status);
}

// The same in the memory of a GPU. One user at a time.
class GpuTensorRenderer {
 public:
  explicit GpuTensorRenderer(std::shared_ptr<Gpu> gpu)
      : gpu_(std::move(gpu)),
        renderer_(gpu_->device.get(), gpu_->render.get()),
        done_(gpu_->device.get()) {
    raise_if_error(done_.open());
  }
  GpuTensorRenderer(const GpuTensorRenderer&) = delete;
  GpuTensorRenderer& operator=(const GpuTensorRenderer&) = delete;

  // Queued on `stream`; waits only for what this renderer has queued before, whose memory it needs.
  void render(const Images& images, const SampleOptions& options, std::uint64_t seed,
              std::uint32_t epoch, std::vector<std::uint64_t> sample_ids, ManyParams params,
              const std::vector<std::uintptr_t>& outputs, const std::string& dtype, bool normalize,
              bool channels_last, std::uintptr_t stream) {
    const ViewFormat format = view_format(dtype, channels_last, normalize);
    const DecodedBatch batch =
        make_batch(images, seed, epoch, std::move(sample_ids), std::move(params));
    const std::vector<std::uint8_t*> memory = pointers(outputs, options.views.size());
    const auto run = [&] {
      return queue(batch, options, format, memory, reinterpret_cast<Stream>(stream));
    };
    run_without_gil(run);
  }

 private:
  Status queue(const DecodedBatch& batch, const SampleOptions& options, const ViewFormat& format,
               const std::vector<std::uint8_t*>& outputs, Stream stream) {
    std::vector<ViewTask> tasks;
    SamplePlan plan;
    for (std::size_t image = 0; image < batch.images.size(); ++image) {
      FASTPASS_RETURN_IF_ERROR(batch.plan(image, options, &plan));
      const SourceRegion source = plan.source(batch.images[image]);
      for (std::size_t view = 0; view < outputs.size(); ++view) {
        const ViewSpec& spec = options.views[view];
        std::uint8_t* out = outputs[view] + image * view_bytes(spec.size, format.dtype);
        tasks.push_back({source, &spec, plan.views[view], out});
      }
    }
    FASTPASS_RETURN_IF_ERROR(done_.wait());
    return done_.close(renderer_.queue(tasks, format, stream), stream);
  }

  const std::shared_ptr<Gpu> gpu_;
  BatchRenderer renderer_;
  Fence done_;
};

}  // namespace

void register_render_batch(py::module_& module) {
  module.def("render_on_cpu", &render_on_cpu, py::arg("images"), py::arg("options"), py::kw_only(),
             py::arg("seed"), py::arg("epoch"), py::arg("sample_ids"), py::arg("params"),
             py::arg("outputs"), py::arg("dtype"), py::arg("normalize"), py::arg("channels_last"),
             py::arg("num_threads"));
  py::class_<GpuTensorRenderer>(module, "GpuTensorRenderer")
      .def(py::init<std::shared_ptr<Gpu>>(), py::arg("gpu"))
      .def("render", &GpuTensorRenderer::render, py::arg("images"), py::arg("options"),
           py::kw_only(), py::arg("seed"), py::arg("epoch"), py::arg("sample_ids"),
           py::arg("params"), py::arg("outputs"), py::arg("dtype"), py::arg("normalize"),
           py::arg("channels_last"), py::arg("stream"));
}

}  // namespace fastpass
