/* The same as c_api.h for batches on a GPU: threads plan the samples, then the batch is decoded and
 * rendered there. Exported by the module _core; a part of the same interface version. */
#pragma once

#include "c_api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one batch needs on a GPU besides the memory of its views; used again for the next one. */
typedef struct fastpass_gpu_batch fastpass_gpu_batch;

/* `ordinal`: of the GPU, as CUDA counts them. NULL where it cannot be; the report says why. */
FASTPASS_API fastpass_gpu_batch* fastpass_gpu_batch_new(const char* request, int32_t ordinal,
                                                        fastpass_report* report);
/* Waits until nothing of it is on its way. */
FASTPASS_API void fastpass_gpu_batch_free(fastpass_gpu_batch* batch);

/* From here on, the samples of a new batch are planned. */
FASTPASS_API int32_t fastpass_gpu_begin(fastpass_gpu_batch* batch, int64_t num_samples,
                                        fastpass_report* report);

/* Reads the headers of the image at `place`, 0 to num_samples - 1, and draws its views. Threads may
 * plan at the same time, each with a worker of its own for the same request. The image's bytes stay
 * in memory until fastpass_gpu_render has returned. */
FASTPASS_API int32_t fastpass_gpu_plan(fastpass_gpu_batch* batch, fastpass_worker* worker,
                                       int64_t place, const fastpass_image* image,
                                       const fastpass_key* key, fastpass_report* report);

/* outputs[view]: num_samples * fastpass_view_bytes bytes in the GPU's memory. They are written
 * behind what is queued on `stream`, a cudaStream_t, and there before what is queued on it from now
 * on. reports[place] says what became of each sample; the views of one with a fault are zeros.
 * Returns the fault of the batch as a whole, which `report` tells. */
FASTPASS_API int32_t fastpass_gpu_render(fastpass_gpu_batch* batch, uint8_t* const* outputs,
                                         void* stream, fastpass_report* reports,
                                         fastpass_report* report);

/* The same for decoding alone, with a request without views. */
FASTPASS_API int32_t fastpass_gpu_plan_decoding(fastpass_gpu_batch* batch, fastpass_worker* worker,
                                                int64_t place, const fastpass_image* image,
                                                const fastpass_region* region,
                                                fastpass_report* report);

/* pixels[place]: 3 * height * width bytes of the GPU's memory, by fastpass_decoded_size; left as
 * they are for a sample with a fault. */
FASTPASS_API int32_t fastpass_gpu_decode(fastpass_gpu_batch* batch, uint8_t* const* pixels,
                                         void* stream, fastpass_report* reports,
                                         fastpass_report* report);

#ifdef __cplusplus
}
#endif
