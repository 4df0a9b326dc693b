// Backend "auto". Our own decoder takes every file that it knows; libjpeg-turbo takes the others
// (arithmetic coding), and fills damaged ones. On processors without vector code of ours,
// libjpeg-turbo comes first, unless the file has a seek index: then our decoder has less to do.
#pragma once

#include <memory>

#include "decode/decoder.h"

namespace fastpass {

// Our decoder itself, where this build has no libjpeg-turbo.
std::unique_ptr<Decoder> make_auto_decoder();

}  // namespace fastpass
