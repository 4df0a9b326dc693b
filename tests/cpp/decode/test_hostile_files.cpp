// Every decoder on every hostile file: any outcome but a named fault or an image is a failure.
// Built with sanitizers by the preset "asan"; without them the address space is bounded instead.
#include <sys/resource.h>

#include <cstring>

#include "decode/decoder_registry.h"
#include "support/check.h"
#include "support/jpeg_files.h"

namespace fastpass {
namespace {

using fastpass_test::JpegFile;

constexpr std::int64_t kMaxPixels = 1 << 22;

bool is_image_fault(Fault fault) {
  return fault == Fault::kCorruptImage || fault == Fault::kUnsupportedImage ||
         fault == Fault::kImageTooLarge || fault == Fault::kOutOfMemory;
}

// Whether it gave an image, which is then left in `pixels`.
bool check_whole(Decoder* decoder, const JpegFile& file, const DecodeOptions& options,
                 PixelBuffer* pixels) {
  const Span jpeg{file.bytes.data(), file.bytes.size()};
  const Status status = decoder->decode(jpeg, options, pixels);
  if (status.ok()) {
    const ImageView& view = pixels->view();
    CHECK(view.height > 0 && view.width > 0 && view.channels == 3);
    CHECK(std::int64_t{view.height} * view.width <= kMaxPixels);
    return true;
  }
  const bool is_known = is_image_fault(status.fault()) && !status.message().empty() &&
                        status.byte_offset() <= static_cast<std::int64_t>(jpeg.size);
  if (!is_known) std::fprintf(stderr, "%s: %s\n", file.name.c_str(), status.message().c_str());
  CHECK(is_known);
  return false;
}

// The middle third of what a whole decode gave: its pixels must be the slice of that.
void check_crop(Decoder* decoder, const JpegFile& file, DecodeOptions options,
                const ImageView& whole, PixelBuffer* part) {
  options.crop =
      CropBox{whole.height / 3, whole.width / 3, (whole.height + 2) / 3, (whole.width + 2) / 3};
  const CropBox& box = *options.crop;
  const Status status = decoder->decode({file.bytes.data(), file.bytes.size()}, options, part);
  CHECK(status.ok());
  for (int y = 0; status.ok() && y < box.height; ++y) {
    const std::uint8_t* expected = whole.row(box.top + y) + 3 * box.left;
    CHECK(std::memcmp(part->view().row(y), expected, std::size_t{3} * box.width) == 0);
  }
}

void test_decoder(const std::string& name, const std::vector<JpegFile>& files) {
  const std::unique_ptr<Decoder> decoder = make_decoder(name);
  PixelBuffer whole;
  PixelBuffer part;
  int num_decoded = 0;
  for (const JpegFile& file : files) {
    for (const OnDamage on_damage : {OnDamage::kRaise, OnDamage::kFill}) {
      for (const int denominator : {1, 2, 8}) {
        DecodeOptions options;
        options.max_pixels = kMaxPixels;
        options.on_damage = on_damage;
        options.scale_denominator = denominator;
        if (!check_whole(decoder.get(), file, options, &whole)) continue;
        ++num_decoded;
        check_crop(decoder.get(), file, options, whole.view(), &part);
      }
    }
  }
  std::printf("%s: %d decodes of %zu files gave an image\n", name.c_str(), num_decoded,
              files.size());
  CHECK(files.empty() || num_decoded > 1000);
}

void bound_memory() {
#if !defined(__SANITIZE_ADDRESS__)  // whose shadow takes terabytes of address space
  const rlimit limit{rlim_t{1} << 30, rlim_t{1} << 30};
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
#endif
}

}  // namespace
}  // namespace fastpass

int main() {
  const auto folder = fastpass_test::hostile_folder();
  const auto files = fastpass_test::read_files(folder);
  if (files.empty()) {
    std::printf("no hostile files in %s (set FASTPASS_SHARED)\n", folder.c_str());
    return fastpass_test::is_shared_required() ? 1 : 77;
  }
  fastpass::bound_memory();
  for (const auto& backend : fastpass::decoder_backends()) {
    fastpass::test_decoder(backend.name, files);
  }
  return RESULT();
}
