#include "decode/auto_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "decode/pixels/pixel_routines.h"
#include "decode/probe/probe_formats.h"

namespace fastpass {
namespace {

struct Choice {
  const char* kind;
  const char* way;
  const char* backend;
};

constexpr Choice kMeasured[] = {
#include "decode/backend_choice.inc"
};

// What a probe sees of the kinds that benchmarks/experiments/decode_choice.py measures. The others,
// arithmetic coding and several scans, are found out by trying.
constexpr std::array<const char*, 10> kKinds = {
    "gray", "444",  "422", "420", "440", "411", "progressive_444", "progressive_420",
    "tiny", "large"};
constexpr std::array<const char*, 5> kWays = {"full", "full_indexed", "random_resized_crop",
                                              "random_resized_crop_indexed", "half"};
constexpr int kTinySide = 64;
constexpr int kLargeSide = 2000;

const char* kind_of(const ImageInfo& info) {
  const int side = std::max(info.width, info.height);
  if (info.is_progressive) {
    return info.subsampling == Subsampling::k444 ? "progressive_444" : "progressive_420";
  }
  if (side <= kTinySide) return "tiny";
  if (side >= kLargeSide) return "large";
  switch (info.subsampling) {
    case Subsampling::kNone:
      return "gray";
    case Subsampling::k444:
      return "444";
    case Subsampling::k422:
      return "422";
    case Subsampling::k440:
      return "440";
    case Subsampling::k411:
      return "411";
    default:
      return "420";
  }
}

const char* way_of(const DecodeOptions& options) {
  if (options.scale_denominator > 1) return "half";
  const bool has_index = options.seek_index.size > 0;
  if (options.crop) return has_index ? "random_resized_crop_indexed" : "random_resized_crop";
  return has_index ? "full_indexed" : "full";
}

template <std::size_t kCount>
std::size_t index_of(const std::array<const char*, kCount>& names, const char* name) {
  const auto is_name = [name](const char* other) { return std::strcmp(name, other) == 0; };
  return static_cast<std::size_t>(std::find_if(names.begin(), names.end(), is_name) -
                                  names.begin());
}

class AutoDecoder : public Decoder {
 public:
  explicit AutoDecoder(const std::vector<DecoderBackend>& backends) {
    for (const DecoderBackend& backend : backends) {
      decoders_.push_back(backend.make());
      if (backend.name == "turbo") filler_ = decoders_.back().get();
    }
    if (available_pixel_routines().size() > 1) {
      apply_measurement(backends);
    } else {
      prefer_without_index("turbo", backends);
    }
  }

  // A kind of file that one decoder does not know, another may; damage is libjpeg-turbo's to fill.
  Status decode(Span jpeg, const DecodeOptions& options, PixelBuffer* pixels) override {
    const std::size_t first = choose(jpeg, options);
    DecodeOptions strict = options;  // an index is of use here: damaged files have none
    if (filler_ != nullptr) strict.on_damage = OnDamage::kRaise;
    const Status status = decoders_[first]->decode(jpeg, strict, pixels);
    if (strict.on_damage != options.on_damage && status.fault() == Fault::kCorruptImage) {
      return filler_->decode(jpeg, options, pixels);
    }
    if (status.fault() != Fault::kUnsupportedImage) return status;
    for (std::size_t i = 0; i < decoders_.size(); ++i) {
      if (i == first) continue;
      const Status other = decoders_[i]->decode(jpeg, options, pixels);
      if (other.fault() != Fault::kUnsupportedImage) return other;
    }
    return status;
  }

  std::size_t bytes_held() const override {
    std::size_t sum = 0;
    for (const auto& decoder : decoders_) sum += decoder->bytes_held();
    return sum;
  }

 private:
  // The measurement is one of vector code: plain loops lose against libjpeg-turbo's, unless they
  // have less to do.
  void prefer_without_index(const char* name, const std::vector<DecoderBackend>& backends) {
    for (std::size_t i = 0; i < backends.size(); ++i) {
      if (backends[i].name != name) continue;
      for (auto& choices : first_choice_) {
        for (const char* way : {"full", "random_resized_crop", "half"}) {
          choices[index_of(kWays, way)] = i;
        }
      }
    }
  }

  void apply_measurement(const std::vector<DecoderBackend>& backends) {
    for (const Choice& choice : kMeasured) {
      const std::size_t kind = index_of(kKinds, choice.kind);
      const std::size_t way = index_of(kWays, choice.way);
      if (kind == kKinds.size() || way == kWays.size()) continue;
      for (std::size_t i = 0; i < backends.size(); ++i) {
        if (backends[i].name == choice.backend) first_choice_[kind][way] = i;
      }
    }
  }

  std::size_t choose(Span jpeg, const DecodeOptions& options) const {
    ImageInfo info;
    if (jpeg.size < 2 || !probe_jpeg(jpeg, &info).ok()) return 0;
    return first_choice_[index_of(kKinds, kind_of(info))][index_of(kWays, way_of(options))];
  }

  std::vector<std::unique_ptr<Decoder>> decoders_;
  Decoder* filler_ = nullptr;  // libjpeg-turbo, where it was built
  std::array<std::array<std::size_t, kWays.size()>, kKinds.size()> first_choice_{};
};

}  // namespace

std::unique_ptr<Decoder> make_auto_decoder() {
  const std::vector<DecoderBackend>& backends = decoder_backends();
  if (backends.empty()) return nullptr;
  if (backends.size() == 1) return backends[0].make();
  return std::make_unique<AutoDecoder>(backends);
}

}  // namespace fastpass
