#include "plugins/provided.h"

#include <utility>

namespace fastpass {
namespace {

Status refuse_image(Span, const DecodeOptions&, PixelBuffer*) {
  return {Fault::kUnsupportedImage, "the bytes are no JPEG"};
}

Status refuse_gpu(int, std::shared_ptr<Gpu>*) {
  return {Fault::kDeviceFailed, "nobody has named the GPUs of this process"};
}

// Never freed: threads of a plug-in may outlive what is destroyed when the process ends.
ForeignDecoder& foreign_decoder() {
  static ForeignDecoder& decoder = *new ForeignDecoder(refuse_image);
  return decoder;
}

GpuProvider& gpus() {
  static GpuProvider& provider = *new GpuProvider(refuse_gpu);
  return provider;
}

}  // namespace

void set_plugin_foreign_decoder(ForeignDecoder decoder) { foreign_decoder() = std::move(decoder); }

const ForeignDecoder& plugin_foreign_decoder() { return foreign_decoder(); }

void set_plugin_gpus(GpuProvider provider) { gpus() = std::move(provider); }

const GpuProvider& plugin_gpus() { return gpus(); }

}  // namespace fastpass
