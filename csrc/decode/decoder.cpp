#include "decode/decoder.h"

#include <utility>

namespace fastpass {
namespace {

std::vector<DecoderBackend>& registry() {
  static std::vector<DecoderBackend> backends;
  return backends;
}

}  // namespace

bool register_decoder(DecoderBackend backend) {
  registry().push_back(std::move(backend));
  return true;
}

const std::vector<DecoderBackend>& decoder_backends() { return registry(); }

std::unique_ptr<Decoder> make_decoder(const std::string& name) {
  for (const DecoderBackend& backend : registry()) {
    if (name == backend.name || name == "auto") return backend.make();
  }
  return nullptr;
}

}  // namespace fastpass
