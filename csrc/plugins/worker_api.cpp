// The functions of c_api.h.
#include <string>
#include <utility>
#include <vector>

#include "plugins/calls.h"

namespace fastpass {
namespace {

const std::vector<ViewSpec>& views_of(const fastpass_worker* worker) {
  return worker->worker.request().sample.views;
}

}  // namespace

}  // namespace fastpass

using fastpass::Status;

std::int32_t fastpass_abi_version() { return FASTPASS_ABI_VERSION; }

fastpass_worker* fastpass_worker_new(const char* request, fastpass_report* report) {
  fastpass_worker* made = nullptr;
  *report = {};
  fastpass::guarded(report, [&]() -> Status {
    fastpass::Request read;
    FASTPASS_RETURN_IF_ERROR(fastpass::read_request(request, &read));
    made = new fastpass_worker{fastpass::PluginWorker(std::move(read))};
    return {};
  });
  return made;
}

void fastpass_worker_free(fastpass_worker* worker) { delete worker; }

std::int32_t fastpass_num_views(const fastpass_worker* worker) {
  return static_cast<std::int32_t>(fastpass::views_of(worker).size());
}

std::int32_t fastpass_view_size(const fastpass_worker* worker, std::int32_t view) {
  return fastpass::views_of(worker)[static_cast<std::size_t>(view)].size;
}

std::int64_t fastpass_view_bytes(const fastpass_worker* worker, std::int32_t view) {
  return static_cast<std::int64_t>(fastpass::view_bytes(fastpass_view_size(worker, view),
                                                        worker->worker.request().format.dtype));
}

std::int32_t fastpass_num_op_outputs(const fastpass_worker* worker) {
  return static_cast<std::int32_t>(worker->worker.request().op_outputs.size());
}

fastpass_op_output fastpass_get_op_output(const fastpass_worker* worker, std::int32_t output) {
  const fastpass::RequestOutput& wanted =
      worker->worker.request().op_outputs[static_cast<std::size_t>(output)];
  return {wanted.shape.data(), static_cast<std::int64_t>(wanted.bytes),
          static_cast<std::int32_t>(wanted.shape.size()), wanted.dtype};
}

std::int32_t fastpass_render(fastpass_worker* worker, const fastpass_image* image,
                             const fastpass_key* key, std::uint8_t* const* outputs,
                             fastpass_report* report) {
  return fastpass::timed(worker, report, [&] {
    return worker->worker.render(fastpass::image_of(*image), fastpass::key_of(*key), outputs);
  });
}

std::int32_t fastpass_decoded_size(fastpass_worker* worker, const fastpass_image* image,
                                   const fastpass_region* region, std::int32_t* height,
                                   std::int32_t* width, fastpass_report* report) {
  return fastpass::timed(worker, report, [&]() -> Status {
    fastpass::DecodeOptions options;
    FASTPASS_RETURN_IF_ERROR(fastpass::read_region(*region, &options));
    return worker->worker.decoded_size(fastpass::image_of(*image), options, height, width);
  });
}

std::int32_t fastpass_decode(fastpass_worker* worker, const fastpass_image* image,
                             const fastpass_region* region, std::uint8_t* pixels,
                             std::int64_t num_bytes, fastpass_report* report) {
  return fastpass::timed(worker, report, [&]() -> Status {
    fastpass::DecodeOptions options;
    FASTPASS_RETURN_IF_ERROR(fastpass::read_region(*region, &options));
    fastpass::PixelBuffer memory(pixels, static_cast<std::size_t>(num_bytes));
    return worker->worker.decode(fastpass::image_of(*image), options, &memory);
  });
}
