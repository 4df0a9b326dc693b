#include "plugins/foreign_images.h"

#include <utility>

namespace fastpass {
namespace {

Status refuse(Span, const DecodeOptions&, PixelBuffer*) {
  return {Fault::kUnsupportedImage, "the bytes are no JPEG"};
}

// Never freed: threads of a plug-in may outlive what is destroyed when the process ends.
ForeignDecoder& foreign_decoder() {
  static ForeignDecoder& decoder = *new ForeignDecoder(refuse);
  return decoder;
}

}  // namespace

void set_plugin_foreign_decoder(ForeignDecoder decoder) { foreign_decoder() = std::move(decoder); }

const ForeignDecoder& plugin_foreign_decoder() { return foreign_decoder(); }

}  // namespace fastpass
