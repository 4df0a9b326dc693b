// The C interface of fastpass, found in the module _core that Python has loaded.
#pragma once

#include "../gpu_api.h"

namespace fastpass_dali {

struct CoreFunctions {
  decltype(&fastpass_worker_new) worker_new;
  decltype(&fastpass_worker_free) worker_free;
  decltype(&fastpass_num_views) num_views;
  decltype(&fastpass_view_size) view_size;
  decltype(&fastpass_view_bytes) view_bytes;
  decltype(&fastpass_num_op_outputs) num_op_outputs;
  decltype(&fastpass_get_op_output) get_op_output;
  decltype(&fastpass_render) render;
  decltype(&fastpass_decoded_size) decoded_size;
  decltype(&fastpass_decode) decode;
  decltype(&fastpass_gpu_batch_new) gpu_batch_new;
  decltype(&fastpass_gpu_batch_free) gpu_batch_free;
  decltype(&fastpass_gpu_begin) gpu_begin;
  decltype(&fastpass_gpu_plan) gpu_plan;
  decltype(&fastpass_gpu_render) gpu_render;
  decltype(&fastpass_gpu_plan_decoding) gpu_plan_decoding;
  decltype(&fastpass_gpu_decode) gpu_decode;
};

// Throws std::runtime_error before fastpass.feed.dali.enable() has connected them.
const CoreFunctions& core();

}  // namespace fastpass_dali
