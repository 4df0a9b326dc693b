// Backend "auto": for every file the decoder that measurement found fastest for its kind.
#pragma once

#include <memory>

#include "decode/decoder.h"

namespace fastpass {

// Of the decoders that this build has; nullptr where it has none.
std::unique_ptr<Decoder> make_auto_decoder();

}  // namespace fastpass
