/* The interface for plug-ins of other loaders (DALI, FFCV): plain C, exported by the module _core.
 *
 * A worker belongs to one thread at a time. It has a decoder and its memory, and it knows what was
 * asked for. Nothing here throws; what goes wrong stands in a report. */
#pragma once

#include <stdint.h>

#define FASTPASS_API __attribute__((visibility("default")))

/* Changes with every change of this file that a plug-in would notice. */
#define FASTPASS_ABI_VERSION 2

#ifdef __cplusplus
extern "C" {
#endif

/* What became of one sample. */
typedef struct fastpass_report {
  int64_t byte_offset;        /* of the fault in the encoded image; -1 where none is known */
  int64_t decode_nanoseconds; /* headers and plan included */
  int64_t augment_nanoseconds;
  int32_t fault;     /* 0: none */
  char name[28];     /* of the exception: "CorruptImage" */
  char message[968]; /* UTF-8, cut where it is longer; both end with a zero byte */
} fastpass_report;

/* An encoded image, and its seek index where there is one (else NULL and 0). */
typedef struct fastpass_image {
  const uint8_t* bytes;
  int64_t num_bytes;
  const uint8_t* seek_index;
  int64_t num_index_bytes;
} fastpass_image;

/* What all random numbers of a sample's views are drawn from. */
typedef struct fastpass_key {
  uint64_t seed;
  int64_t sample_id;
  uint32_t epoch;
} fastpass_key;

/* Of the decoded image: a box in pixels after scaling (height 0: all of it), and the scale. */
typedef struct fastpass_region {
  int32_t top, left, height, width;
  int32_t scale_denominator; /* 1, 2, 4, 8 */
} fastpass_region;

/* What the values of an output are. */
enum { FASTPASS_BOOL, FASTPASS_UINT8, FASTPASS_INT32, FASTPASS_INT64, FASTPASS_FLOAT32 };

/* An array that an operation of the request fills beside the view, for one sample. */
typedef struct fastpass_op_output {
  const int64_t* shape; /* [num_dimensions]; the worker's */
  int64_t num_bytes;
  int32_t num_dimensions;
  int32_t dtype; /* one of the enumeration above */
} fastpass_op_output;

typedef struct fastpass_worker fastpass_worker;

FASTPASS_API int32_t fastpass_abi_version(void);

/* `request`: lines "NAME VALUE" as fastpass/augment/request.py writes them, ended by a zero byte.
 * Returns NULL for one that is wrong; the report says where. */
FASTPASS_API fastpass_worker* fastpass_worker_new(const char* request, fastpass_report* report);
FASTPASS_API void fastpass_worker_free(fastpass_worker* worker);

FASTPASS_API int32_t fastpass_num_views(const fastpass_worker* worker);
FASTPASS_API int32_t fastpass_view_size(const fastpass_worker* worker, int32_t view); /* pixels */
FASTPASS_API int64_t fastpass_view_bytes(const fastpass_worker* worker, int32_t view);

/* The outputs of all operations, view by view. */
FASTPASS_API int32_t fastpass_num_op_outputs(const fastpass_worker* worker);
FASTPASS_API fastpass_op_output fastpass_get_op_output(const fastpass_worker* worker,
                                                       int32_t output);

/* All views of an image. outputs: one memory of fastpass_view_bytes bytes for each view, then one
 * of num_bytes bytes for each output of the operations. Returns the fault, 0: none. */
FASTPASS_API int32_t fastpass_render(fastpass_worker* worker, const fastpass_image* image,
                                     const fastpass_key* key, uint8_t* const* outputs,
                                     fastpass_report* report);

/* The height and the width that fastpass_decode will give; reads headers only. */
FASTPASS_API int32_t fastpass_decoded_size(fastpass_worker* worker, const fastpass_image* image,
                                           const fastpass_region* region, int32_t* height,
                                           int32_t* width, fastpass_report* report);

/* RGB pixels [height, width, 3] of that size. */
FASTPASS_API int32_t fastpass_decode(fastpass_worker* worker, const fastpass_image* image,
                                     const fastpass_region* region, uint8_t* pixels,
                                     int64_t num_bytes, fastpass_report* report);

#ifdef __cplusplus
}
#endif
