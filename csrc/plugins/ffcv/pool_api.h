/* The interface for FFCV's operations: functions of plain integers, which numba can call. Addresses
 * are integers too. */
#pragma once

#include "plugins/c_api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Workers for threads that come and go: each call takes one that is free, or makes one. */
typedef struct fastpass_pool fastpass_pool;

/* As fastpass_worker_new. */
FASTPASS_API fastpass_pool* fastpass_pool_new(const char* request, fastpass_report* report);
/* No call may be running. */
FASTPASS_API void fastpass_pool_free(fastpass_pool* pool);

/* What the views of the following calls are drawn from, with the sample's id. */
FASTPASS_API void fastpass_pool_begin(fastpass_pool* pool, uint64_t seed, uint32_t epoch);

/* All views of the sample in `row`, from any thread.
 *
 * file: address of the image's bytes, with its seek index and its key behind them; num_held: how
 * many bytes are there; image_bytes, seek_bytes, key_bytes: how many there should be. key_bytes 0:
 * the file keeps no keys, and they are made of the row. outputs: address of an int64 for each of
 * fastpass_render's outputs, the address of a batch [N, bytes]; place: in the batch. report:
 * address of a fastpass_report. Returns the fault, 0: none; the outputs of a faulty sample are
 * zeros. */
FASTPASS_API int64_t fastpass_pool_render(int64_t pool, int64_t file, int64_t num_held,
                                          int64_t image_bytes, int64_t seek_bytes,
                                          int64_t key_bytes, int64_t row, int64_t outputs,
                                          int64_t place, int64_t report);

#ifdef __cplusplus
}
#endif
