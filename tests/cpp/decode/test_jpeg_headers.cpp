// JpegHeaders: what they say of a file is what probe() says, and decoding by them is decoding.
#include <cstring>
#include <tuple>

#include "decode/decoder_registry.h"
#include "decode/probe/probe.h"
#include "decode/syntax/jpeg_headers.h"
#include "support/check.h"
#include "support/jpeg_files.h"
#include "support/made_jpeg.h"

namespace fastpass {
namespace {

using fastpass_test::JpegFile;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;

using Bytes = std::vector<std::uint8_t>;

Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

bool is_same(const ImageInfo& a, const ImageInfo& b) {
  const auto fields = [](const ImageInfo& info) {
    return std::make_tuple(info.format, info.width, info.height, info.num_components,
                           info.subsampling, info.is_progressive, info.exif_orientation);
  };
  return fields(a) == fields(b);
}

// One object for all files: nothing of a file may be left for the next.
void check_file(const std::string& name, const Bytes& bytes, JpegHeaders* headers) {
  ImageInfo info;
  const Status wanted = probe(span_of(bytes), &info);
  const Status status = headers->read(span_of(bytes));
  CHECK(headers->jpeg().data == bytes.data() && headers->jpeg().size == bytes.size());
  // A segment that says a length below 2 is an empty one to libjpeg-turbo; probe() refuses it.
  if (headers->status().ok() && !wanted.ok()) return;
  const bool is_right =
      status.ok() == wanted.ok() && (!status.ok() || is_same(headers->info(), info));
  if (!is_right) std::fprintf(stderr, "%s: not what probe() says\n", name.c_str());
  CHECK(is_right);
}

void test_hostile_files() {
  JpegHeaders headers;
  for (const JpegFile& file : fastpass_test::read_files(fastpass_test::hostile_folder())) {
    if (file.bytes.size() < 2 || file.bytes[0] != 0xFF || file.bytes[1] != 0xD8) continue;
    check_file(file.name, file.bytes, &headers);
  }
}

std::vector<MadeJpeg> kinds() {
  std::vector<MadeJpeg> all(8);
  all[1].num_components = 1;
  all[2].factors = {1, 1, 1, 1, 1, 1};
  all[3].factors = {4, 1, 1, 1, 1, 1};
  all[4].factors = {1, 2, 1, 1, 1, 1};
  all[5].num_components = 4;
  all[5].factors = {1, 1, 1, 1, 1, 1, 1, 1};
  all[6].is_progressive = true;
  all[7].is_arithmetic = true;  // our own decoder does not know it: the size is known all the same
  return all;
}

void test_made_files() {
  JpegHeaders headers;
  for (const MadeJpeg& made : kinds()) {
    const Bytes jpeg = make_jpeg(made);
    check_file("made", jpeg, &headers);
    CHECK(headers.info().width == made.width && headers.info().height == made.height);
    CHECK(headers.status().fault() ==
          (made.is_arithmetic ? Fault::kUnsupportedImage : Fault::kNone));
    for (std::size_t size = 0; size < jpeg.size(); size += 11) {
      check_file("cut off", {jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(size)},
                 &headers);
    }
  }
}

// EXIF counts where it stands in front of the frame header, and the first one only.
void test_orientation() {
  const auto exif = [](int orientation) {
    Bytes segment = {0xFF, 0xE1, 0, 34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                     0,    1,    1, 0x12, 0,   3,   0,   0,   0, 1, 0,   0,   0, 0,  0, 0, 0, 0};
    segment[29] = static_cast<std::uint8_t>(orientation);
    return segment;
  };
  const Bytes jpeg = make_jpeg(MadeJpeg());
  const auto orientation_of = [&](const Bytes& segments) {
    Bytes with = jpeg;
    with.insert(with.begin() + 2, segments.begin(), segments.end());
    JpegHeaders headers;
    CHECK(headers.read(span_of(with)).ok());
    check_file("with EXIF", with, &headers);
    return static_cast<int>(headers.info().exif_orientation);
  };
  CHECK(orientation_of({}) == 1);
  for (int wanted = 1; wanted <= 8; ++wanted) CHECK(orientation_of(exif(wanted)) == wanted);
  CHECK(orientation_of(exif(9)) == 1);
  Bytes two = exif(6);
  const Bytes second = exif(3);
  two.insert(two.end(), second.begin(), second.end());
  CHECK(orientation_of(two) == 6);
}

// The same object serves one decode after the other, also where a decoder reads on to later scans.
void test_decoding_by_headers() {
  for (MadeJpeg made : kinds()) {
    const Bytes jpeg = make_jpeg(made);
    for (const char* backend : {"cpu", "turbo", "auto"}) {
      const auto decoder = make_decoder(backend);
      if (decoder == nullptr) continue;
      PixelBuffer wanted, pixels;
      const Status status = decoder->decode(span_of(jpeg), {}, &wanted);
      JpegHeaders headers;
      CHECK(headers.read(span_of(jpeg)).ok());
      for (int round = 0; round < 2; ++round) {
        CHECK(decoder->decode(headers, {}, &pixels).fault() == status.fault());
        if (!status.ok()) continue;
        const ImageView &a = pixels.view(), &b = wanted.view();
        CHECK(a.height == b.height && a.width == b.width);
        CHECK(std::memcmp(a.data, b.data, static_cast<std::size_t>(a.stride * a.height)) == 0);
      }
    }
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_hostile_files();
  fastpass::test_made_files();
  fastpass::test_orientation();
  fastpass::test_decoding_by_headers();
  return RESULT();
}
