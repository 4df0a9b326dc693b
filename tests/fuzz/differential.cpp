#include "differential.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

// clang-format off: jpeglib.h needs <cstdio> above it.
#include <jpeglib.h>
// clang-format on

#include "decode/band_decode.h"
#include "decode/decoder_registry.h"
#include "decode/entropy/coefficient_decoder.h"
#include "decode/seek_scan.h"
#include "gpu_twin.h"

namespace fastpass_fuzz {
namespace {

using fastpass::CropBox;
using fastpass::DecodeOptions;
using fastpass::ImageView;
using fastpass::OnDamage;
using fastpass::PixelBuffer;
using fastpass::Span;
using fastpass::Status;

constexpr std::int64_t kMaxPixels = 1 << 19;  // larger images teach nothing and cost time

struct Subject {
  std::string name;
  std::unique_ptr<fastpass::Decoder> decoder;
  PixelBuffer whole;
  PixelBuffer part;
  Status status;  // of the whole image
};

std::vector<Subject>& subjects() {
  static std::vector<Subject> all = [] {
    std::vector<Subject> made;
    for (const auto& backend : fastpass::decoder_backends()) {
      made.push_back({backend.name, backend.make(), {}, {}, {}});
      if (backend.name == "turbo") std::swap(made.front(), made.back());
    }
    return made;
  }();
  return all;
}

// Where the pixels first differ, or that they do not.
struct Difference {
  bool found = false;
  int row = 0;
  int byte = 0;
};

Difference compare(const ImageView& whole, const CropBox& box, const ImageView& part) {
  if (part.height != box.height || part.width != box.width) return {true, -1, -1};
  for (int y = 0; y < box.height; ++y) {
    const std::uint8_t* expected = whole.row(box.top + y) + 3 * box.left;
    if (std::memcmp(expected, part.row(y), std::size_t{3} * box.width) == 0) continue;
    for (int x = 0;; ++x) {
      if (expected[x] != part.row(y)[x]) return {true, y, x};
    }
  }
  return {};
}

[[noreturn]] void disagree(const std::string& what, const Difference& difference) {
  std::fprintf(stderr, "disagreement: %s (first at row %d, byte %d)\n", what.c_str(),
               difference.row, difference.byte);
  std::abort();
}

Difference compare_whole(const Subject& expected, const Subject& other) {
  const ImageView& view = expected.whole.view();
  return compare(view, {0, 0, view.height, view.width}, other.whole.view());
}

// A box inside the image from four random bytes; one in eight is the whole image.
CropBox draw_box(const std::uint8_t* random, int height, int width) {
  if (random[0] % 8 == 0) return {0, 0, height, width};
  const int top = random[0] * height / 256;
  const int left = random[1] * width / 256;
  return {top, left, 1 + random[2] * (height - top - 1) / 255,
          1 + random[3] * (width - left - 1) / 255};
}

std::string describe(const DecodeOptions& options) {
  const CropBox& box = *options.crop;
  return " at 1/" + std::to_string(options.scale_denominator) + ", crop top " +
         std::to_string(box.top) + " left " + std::to_string(box.left) + " height " +
         std::to_string(box.height) + " width " + std::to_string(box.width);
}

// The part that was decoded must be there, and be the whole image's.
void require_part(const Subject& subject, const Status& status, const DecodeOptions& options,
                  const char* what) {
  Difference difference{!status.ok(), -1, -1};
  if (status.ok()) difference = compare(subject.whole.view(), *options.crop, subject.part.view());
  if (!difference.found) return;
  disagree(subject.name + ": " + what + describe(options) + " " + status.message(), difference);
}

// A whole image that was accepted: every part of it is accepted, with the same pixels.
void check_parts(Subject* subject, Span input, DecodeOptions options, const std::uint8_t* random,
                 Tally* tally) {
  const ImageView& whole = subject->whole.view();
  options.crop = draw_box(random, whole.height, whole.width);
  Status status = subject->decoder->decode(input, options, &subject->part);
  require_part(*subject, status, options, "a crop is not the slice of the whole");
  if (subject->name == "turbo") return;
  std::vector<std::uint8_t> index;
  status = fastpass::build_seek_index(input, &index);
  if (!status.ok()) disagree("no index can be made: " + status.message(), {});
  if (index.empty()) return;
  ++tally->indexed;
  options.seek_index = {index.data(), index.size()};
  status = subject->decoder->decode(input, options, &subject->part);
  require_part(*subject, status, options, "the seek index changes pixels");
  options.is_seek_index_verified = true;
  fastpass::JpegHeaders headers;
  static_cast<void>(headers.read(input));
  status = fastpass::decode_in_bands(subject->name, headers, options, 3, &subject->part);
  require_part(*subject, status, options, "several threads change pixels");
}

void check_gpu(Span input, const DecodeOptions& options, const char* what, Tally* tally) {
  const GpuOutcome outcome = compare_gpu_twin(input, options);
  if (outcome == GpuOutcome::kOther) disagree(std::string("the GPU and the CPU") + what, {});
  ++(outcome == GpuOutcome::kSame ? tally->device_same : tally->device_given_up);
}

// As large as the first decoder's whole image, or as none where it refuses.
void check_gpu_parts(const Subject& subject, Span input, DecodeOptions options,
                     const std::uint8_t* random, Tally* tally) {
  check_gpu(input, options, " on a whole image", tally);
  if (!subject.status.ok()) return;
  const ImageView& whole = subject.whole.view();
  options.crop = draw_box(random, whole.height, whole.width);
  check_gpu(input, options, " on a crop", tally);
  std::vector<std::uint8_t> index;
  if (!fastpass::build_seek_index(input, &index).ok() || index.empty()) return;
  options.seek_index = {index.data(), index.size()};
  check_gpu(input, options, " on a crop with an index", tally);
}

// Missing scans of progressive files: before 3.0, libjpeg-turbo guessed in another way than we do.
bool depends_on_version(Span input) {
  if (LIBJPEG_TURBO_VERSION_NUMBER >= 3000000) return false;
  fastpass::MarkerReader markers;
  fastpass::CoefficientDecoder decoder;
  fastpass::CoefficientImage image;
  Status damage;
  const fastpass::CoefficientLimits limits = {kMaxPixels, fastpass::kDefaultMaxScanBlocks};
  return markers.open(input).ok() && markers.frame().is_progressive &&
         decoder.decode(&markers, input, limits, &image, &damage).ok() &&
         wants_block_smoothing(markers.frame(), decoder.sent_bits().known);
}

void check_pair(Span input, const Subject& turbo, const Subject& other,
                const DecodeOptions& options, Tally* tally) {
  const bool turbo_accepts = turbo.status.ok();
  const bool other_accepts = other.status.ok();
  if (!turbo_accepts && !other_accepts) {
    ++tally->both_refuse;
    return;
  }
  if (!turbo_accepts) {
    ++tally->only_other;
    return;
  }
  if (!other_accepts) {
    const bool is_unknown_kind = other.status.fault() == fastpass::Fault::kUnsupportedImage;
    ++(is_unknown_kind ? tally->unsupported : tally->only_turbo);
    return;
  }
  ++tally->both_accept;
  const Difference difference = compare_whole(turbo, other);
  if (difference.found && !depends_on_version(input)) {
    disagree(other.name + " and turbo at 1/" + std::to_string(options.scale_denominator),
             difference);
  }
}

void count_filled(std::vector<Subject>* all, Span input, DecodeOptions options, Tally* tally) {
  options.on_damage = OnDamage::kFill;
  for (Subject& subject : *all) {
    subject.status = subject.decoder->decode(input, options, &subject.whole);
  }
  const Subject& turbo = all->front();
  for (std::size_t i = 1; i < all->size(); ++i) {
    const Subject& other = (*all)[i];
    if (turbo.status.ok() != other.status.ok()) {
      ++tally->fill_one_refuses;
    } else if (!turbo.status.ok()) {
      ++tally->fill_same;
    } else {
      const bool is_same = !compare_whole(turbo, other).found;
      ++(is_same ? tally->fill_same : tally->fill_other_pixels);
    }
  }
}

}  // namespace

bool compare_decoders(Span input, Tally* tally) {
  ++tally->num_inputs;
  std::uint8_t random[8] = {};
  const std::size_t tail = std::min<std::size_t>(sizeof(random), input.size);
  std::copy(input.data + input.size - tail, input.data + input.size, random);
  DecodeOptions options;
  options.max_pixels = kMaxPixels;
  options.scale_denominator = 1 << (random[4] % 8 < 4 ? 0 : random[4] % 4);

  std::vector<Subject>& all = subjects();
  for (Subject& subject : all) {
    subject.status = subject.decoder->decode(input, options, &subject.whole);
    if (subject.status.ok()) check_parts(&subject, input, options, random, tally);
  }
  check_gpu_parts(all.front(), input, options, random, tally);
  const bool is_accepted = all.front().status.ok();
  for (std::size_t i = 1; i < all.size(); ++i)
    check_pair(input, all.front(), all[i], options, tally);
  const auto is_refused = [](const Subject& subject) { return !subject.status.ok(); };
  if (std::any_of(all.begin(), all.end(), is_refused)) count_filled(&all, input, options, tally);
  return is_accepted;
}

void print_tally(const Tally& tally) {
  std::printf("%" PRId64 " inputs; both accept and agree %" PRId64 ", only turbo %" PRId64
              " (and %" PRId64 " of a kind unknown to the other), only the other %" PRId64
              ", both refuse %" PRId64 "; filled: same %" PRId64 ", other pixels %" PRId64
              ", one refuses %" PRId64 "; decodes with an index %" PRId64
              "; on a device: the CPU's pixels or words %" PRId64 ", left to the CPU %" PRId64 "\n",
              tally.num_inputs, tally.both_accept, tally.only_turbo, tally.unsupported,
              tally.only_other, tally.both_refuse, tally.fill_same, tally.fill_other_pixels,
              tally.fill_one_refuses, tally.indexed, tally.device_same, tally.device_given_up);
}

}  // namespace fastpass_fuzz
