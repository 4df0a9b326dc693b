#include "decode/decoder_registry.h"

#include <algorithm>
#include <utility>

#include "decode/auto_decoder.h"

namespace fastpass {
namespace {

std::vector<DecoderBackend>& registry() {
  static std::vector<DecoderBackend> backends;
  return backends;
}

}  // namespace

bool register_decoder(DecoderBackend backend) {
  // By name: the order in which files are linked must not decide anything.
  auto& backends = registry();
  const auto is_behind = [&](const DecoderBackend& other) { return other.name > backend.name; };
  backends.insert(std::find_if(backends.begin(), backends.end(), is_behind), std::move(backend));
  return true;
}

const std::vector<DecoderBackend>& decoder_backends() { return registry(); }

std::unique_ptr<Decoder> make_decoder(const std::string& name) {
  if (name == "auto") {
    std::unique_ptr<Decoder> cpu = make_decoder("cpu");
    std::unique_ptr<Decoder> turbo = make_decoder("turbo");
    if (turbo == nullptr) return cpu;
    return make_auto_decoder(std::move(cpu), std::move(turbo));
  }
  for (const DecoderBackend& backend : registry()) {
    if (name == backend.name) return backend.make();
  }
  return nullptr;
}

}  // namespace fastpass
