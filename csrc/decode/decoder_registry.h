// The JPEG decoders of this build, by name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "decode/decoder.h"

namespace fastpass {

// One implementation of Decoder, and how to make one.
struct DecoderBackend {
  std::string name;
  std::string version;
  std::unique_ptr<Decoder> (*make)();
};

// A backend's file calls this from a static initialiser. So a build without that file simply lacks
// the backend.
bool register_decoder(DecoderBackend backend);
const std::vector<DecoderBackend>& decoder_backends();
// nullptr where no backend has that name; "auto": auto_decoder.h, or our own decoder where this
// build has no libjpeg-turbo.
std::unique_ptr<Decoder> make_decoder(const std::string& name);

}  // namespace fastpass
