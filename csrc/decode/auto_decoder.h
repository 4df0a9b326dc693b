// Backend "auto". Our own decoder takes every file that it knows; libjpeg-turbo takes the others
// (arithmetic coding), and fills damaged ones. On processors without vector code of ours,
// libjpeg-turbo comes first, with two exceptions: files with a seek index, of which our decoder has
// less to read, and progressive files, whose missing scans each version of libjpeg-turbo makes up
// for in its own way.
#pragma once

#include <memory>

#include "decode/decoder.h"

namespace fastpass {

std::unique_ptr<Decoder> make_auto_decoder(std::unique_ptr<Decoder> cpu,
                                           std::unique_ptr<Decoder> turbo);

}  // namespace fastpass
