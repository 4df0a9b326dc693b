// GPUs for Python, and what others give it directly: encoded images, decoded tensors.
#include <pybind11/stl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "augment/gpu/gpu_passes.h"
#include "bindings/buffers.h"
#include "bindings/decode_arguments.h"
#include "bindings/gpu_handle.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "common/gpu/device_twin.h"
#include "common/gpu/fence.h"
#include "common/parallel_for.h"
#include "curate/gpu/gpu_search.h"
#include "decode/gpu/given_up.h"
#include "decode/gpu/gpu_passes.h"

namespace fastpass {
namespace {

namespace py = pybind11;

std::shared_ptr<GpuHandle> make_twin(std::uint64_t seed) {
  auto gpu = std::make_shared<GpuHandle>();
  gpu->name = "twin";
  gpu->is_host_memory = true;
  gpu->device = std::make_unique<TwinDevice>();
  gpu->decode = make_twin_decode_kernels(seed);
  gpu->render = make_twin_render_kernels(seed);
  gpu->search = make_twin_search_kernels(seed);
  return gpu;
}

py::object status_or_none(const Status& status) {
  return status.ok() ? py::object(py::none()) : make_exception(status);
}

struct DecodeJob {
  BorrowedBytes jpeg;
  std::optional<BorrowedBytes> index;
  DecodeOptions options;
  ImagePlan plan;
  Status status;
};

// A list of images into memory that the caller has: plan(), allocate, decode(). One user at a time.
class TensorDecoder {
 public:
  explicit TensorDecoder(std::shared_ptr<Gpu> gpu)
      : gpu_(std::move(gpu)),
        decoder_(gpu_->device.get(), gpu_->decode.get()),
        done_(gpu_->device.get()) {
    raise_if_error(done_.open());
  }
  TensorDecoder(const TensorDecoder&) = delete;
  TensorDecoder& operator=(const TensorDecoder&) = delete;

  // [image]: (height, width), or what is wrong with it.
  py::list plan(const std::vector<py::buffer>& jpegs,
                const std::vector<std::optional<py::buffer>>& indexes, const CropArgument& crop,
                int scale_denominator, bool fill_damage, bool apply_orientation,
                std::int64_t max_pixels, std::int64_t max_scan_blocks, int num_threads) {
    if (indexes.size() != jpegs.size()) throw py::value_error("one seek index or None per image");
    if (num_threads < 1) throw py::value_error("at least one thread");
    const DecodeOptions options = make_decode_options(
        crop, scale_denominator, fill_damage, apply_orientation, max_pixels, max_scan_blocks);
    jobs_.clear();
    for (std::size_t i = 0; i < jpegs.size(); ++i) {
      auto job =
          std::make_unique<DecodeJob>(DecodeJob{BorrowedBytes(jpegs[i]), {}, options, {}, {}});
      if (indexes.at(i)) {
        job->index.emplace(*indexes[i]);
        job->options.seek_index = job->index->span();
      }
      jobs_.push_back(std::move(job));
    }
    while (planners_.size() < static_cast<std::size_t>(num_threads)) {
      planners_.push_back(std::make_unique<ImagePlanner>());
    }
    {
      const py::gil_scoped_release no_gil;
      parallel_for(static_cast<std::int64_t>(jobs_.size()), num_threads,
                   [this](std::int64_t i, int thread) {
                     DecodeJob& job = *jobs_[static_cast<std::size_t>(i)];
                     ImagePlanner& planner = *planners_[static_cast<std::size_t>(thread)];
                     job.status = planner.plan(job.jpeg.span(), job.options, &job.plan);
                   });
    }
    py::list sizes;
    for (const auto& job : jobs_) {
      if (job->status.ok()) {
        sizes.append(py::make_tuple(job->plan.crop.height, job->plan.crop.width));
      } else {
        sizes.append(make_exception(job->status));
      }
    }
    return sizes;
  }

  // Into `outputs`, addresses of the planned images' pixels (0 where there is no plan), behind what
  // is queued on `stream`. [image]: None, or what is wrong with it. The bytes are let go.
  py::list decode(const std::vector<std::uintptr_t>& outputs, std::uintptr_t stream) {
    if (outputs.size() != jobs_.size()) throw py::value_error("one output per planned image");
    Status status;
    {
      const py::gil_scoped_release no_gil;
      status = decode_planned(outputs, reinterpret_cast<Stream>(stream));
    }
    py::list results;
    for (const auto& job : jobs_) results.append(status_or_none(job->status));
    jobs_.clear();
    raise_if_error(status);
    return results;
  }

 private:
  Status decode_planned(const std::vector<std::uintptr_t>& outputs, Stream stream) {
    std::vector<const ImagePlan*> plans;
    std::vector<DecodeJob*> planned;
    std::vector<std::uint8_t*> memory;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      if (!jobs_[i]->status.ok()) continue;
      plans.push_back(&jobs_[i]->plan);
      planned.push_back(jobs_[i].get());
      memory.push_back(reinterpret_cast<std::uint8_t*>(outputs.at(i)));
    }
    FASTPASS_RETURN_IF_ERROR(done_.wait());  // a call that failed has not waited
    FASTPASS_RETURN_IF_ERROR(done_.close(decoder_.queue(plans, memory, stream), stream));
    FASTPASS_RETURN_IF_ERROR(done_.wait());
    std::vector<Status> statuses(planned.size());
    const Status status = decode_given_up(plans, "auto", stream, &decoder_, &statuses);
    FASTPASS_RETURN_IF_ERROR(done_.close(status, stream));
    for (std::size_t i = 0; i < planned.size(); ++i) planned[i]->status = statuses[i];
    return done_.wait();
  }

  const std::shared_ptr<Gpu> gpu_;
  BatchDecoder decoder_;
  Fence done_;
  std::vector<std::unique_ptr<ImagePlanner>> planners_;
  std::vector<std::unique_ptr<DecodeJob>> jobs_;
};

}  // namespace

void register_gpu(py::module_& module) {
  py::class_<Gpu, std::shared_ptr<Gpu>>(module, "Gpu").def_readonly("name", &Gpu::name);
  py::class_<GpuHandle, Gpu, std::shared_ptr<GpuHandle>>(module, "GpuHandle");
  module.def("make_twin", &make_twin, py::arg("seed") = 1,
             "The CPU in the place of a GPU: the same passes, lane by lane; slow.");
  py::class_<TensorDecoder>(module, "TensorDecoder")
      .def(py::init<std::shared_ptr<Gpu>>(), py::arg("gpu"))
      .def("plan", &TensorDecoder::plan, py::arg("jpegs"), py::kw_only(), py::arg("indexes"),
           py::arg("crop"), py::arg("scale_denominator"), py::arg("fill_damage"),
           py::arg("apply_orientation"), py::arg("max_pixels"), py::arg("max_scan_blocks"),
           py::arg("num_threads"))
      .def("decode", &TensorDecoder::decode, py::arg("outputs"), py::arg("stream"));
}

}  // namespace fastpass
