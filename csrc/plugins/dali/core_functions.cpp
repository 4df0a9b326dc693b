#include "core_functions.h"

#include <dlfcn.h>

#include <cstdint>
#include <stdexcept>

namespace fastpass_dali {
namespace {

CoreFunctions functions;
bool is_connected = false;

template <typename Function>
bool find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

}  // namespace

const CoreFunctions& core() {
  if (!is_connected) {
    throw std::runtime_error(
        "the operators of fastpass are not connected: call fastpass.feed.dali.enable() instead of "
        "loading the plug-in yourself");
  }
  return functions;
}

}  // namespace fastpass_dali

// `path`: of the module _core, loaded already. Returns the version of its C interface, 0 where it
// has none, or not all of this version's.
extern "C" __attribute__((visibility("default"))) std::int32_t fastpass_dali_connect(
    const char* path) {
  using namespace fastpass_dali;
  void* library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) return 0;
  decltype(&fastpass_abi_version) abi_version = nullptr;
  if (!find(library, "fastpass_abi_version", &abi_version)) return 0;
  const std::int32_t version = abi_version();
  if (version != FASTPASS_ABI_VERSION) return version;
  is_connected = find(library, "fastpass_worker_new", &functions.worker_new) &&
                 find(library, "fastpass_worker_free", &functions.worker_free) &&
                 find(library, "fastpass_num_views", &functions.num_views) &&
                 find(library, "fastpass_view_size", &functions.view_size) &&
                 find(library, "fastpass_view_bytes", &functions.view_bytes) &&
                 find(library, "fastpass_num_op_outputs", &functions.num_op_outputs) &&
                 find(library, "fastpass_get_op_output", &functions.get_op_output) &&
                 find(library, "fastpass_render", &functions.render) &&
                 find(library, "fastpass_decoded_size", &functions.decoded_size) &&
                 find(library, "fastpass_decode", &functions.decode) &&
                 find(library, "fastpass_gpu_batch_new", &functions.gpu_batch_new) &&
                 find(library, "fastpass_gpu_batch_free", &functions.gpu_batch_free) &&
                 find(library, "fastpass_gpu_begin", &functions.gpu_begin) &&
                 find(library, "fastpass_gpu_plan", &functions.gpu_plan) &&
                 find(library, "fastpass_gpu_render", &functions.gpu_render) &&
                 find(library, "fastpass_gpu_plan_decoding", &functions.gpu_plan_decoding) &&
                 find(library, "fastpass_gpu_decode", &functions.gpu_decode);
  return is_connected ? version : 0;
}
