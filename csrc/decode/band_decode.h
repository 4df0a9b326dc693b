// One image on several threads.
#pragma once

#include <string>

#include "decode/decoder.h"

namespace fastpass {

// Divides the rows that are wanted into bands; each thread enters its own by the seek index of
// `options`, which it must hold. The pixels are those of one decode() call.
Status decode_in_bands(const std::string& backend, const JpegHeaders& headers,
                       const DecodeOptions& options, int num_threads, PixelBuffer* pixels);

}  // namespace fastpass
