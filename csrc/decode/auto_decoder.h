// Backend "auto". Our own decoder takes every file that it knows; libjpeg-turbo takes the others
// (arithmetic coding), and fills damaged ones. On processors without vector code of ours,
// libjpeg-turbo comes first, unless the file has a seek index: then our decoder has less to do.
#pragma once

#include <memory>

#include "decode/decoder.h"

namespace fastpass {

std::unique_ptr<Decoder> make_auto_decoder(std::unique_ptr<Decoder> cpu,
                                           std::unique_ptr<Decoder> turbo);

}  // namespace fastpass
