#include "decode/auto_decoder.h"

#include <utility>

#include "decode/pixels/pixel_routines.h"

namespace fastpass {
namespace {

// Asks one decoder, and the other where the first does not know the file.
class AutoDecoder : public Decoder {
 public:
  AutoDecoder(std::unique_ptr<Decoder> cpu, std::unique_ptr<Decoder> turbo)
      : cpu_(std::move(cpu)), turbo_(std::move(turbo)) {}

  Status decode_stored(const JpegHeaders& headers, const DecodeOptions& options,
                       PixelBuffer* pixels) override {
    const bool is_ours =
        has_vectors_ || options.seek_index.size > 0 || headers.info().is_progressive;
    Decoder& first = is_ours ? *cpu_ : *turbo_;
    Decoder& second = is_ours ? *turbo_ : *cpu_;
    DecodeOptions strict = options;
    strict.on_damage = OnDamage::kRaise;
    const Status status = first.decode(headers, strict, pixels);
    if (status.fault() == Fault::kCorruptImage && options.on_damage == OnDamage::kFill) {
      // Both fill alike, but where scans are missing ours does as libjpeg-turbo 3 does, and Pillow.
      Decoder& filler = headers.info().is_progressive ? *cpu_ : *turbo_;
      return filler.decode(headers, options, pixels);
    }
    if (status.fault() != Fault::kUnsupportedImage) return status;
    const Status other = second.decode(headers, options, pixels);
    return other.fault() == Fault::kUnsupportedImage ? status : other;
  }

  std::size_t own_bytes_held() const override { return cpu_->bytes_held() + turbo_->bytes_held(); }

 private:
  const std::unique_ptr<Decoder> cpu_;
  const std::unique_ptr<Decoder> turbo_;
  const bool has_vectors_ = available_pixel_routines().size() > 1;
};

}  // namespace

std::unique_ptr<Decoder> make_auto_decoder(std::unique_ptr<Decoder> cpu,
                                           std::unique_ptr<Decoder> turbo) {
  return std::make_unique<AutoDecoder>(std::move(cpu), std::move(turbo));
}

}  // namespace fastpass
