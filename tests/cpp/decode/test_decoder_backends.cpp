// One image on several threads, decoders kept between calls, and backend "auto": each against one
// decoder decoding the whole.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "decode/band_decode.h"
#include "decode/decoder_pool.h"
#include "decode/decoder_registry.h"
#include "decode/seek/seek_index.h"
#include "decode/seek_scan.h"
#include "decode/syntax/jpeg_markers.h"
#include "support/check.h"
#include "support/coefficient_jpeg.h"
#include "support/made_jpeg.h"

namespace fastpass {
namespace {

using Bytes = std::vector<std::uint8_t>;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;

Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

bool is_same(const ImageView& a, const ImageView& b) {
  if (a.width != b.width || a.height != b.height) return false;
  for (int y = 0; y < a.height; ++y) {
    if (std::memcmp(a.row(y), b.row(y), 3 * static_cast<std::size_t>(a.width)) != 0) return false;
  }
  return true;
}

struct File {
  explicit File(const MadeJpeg& made) : jpeg(make_jpeg(made)) {
    CHECK(build_seek_index(span_of(jpeg), &index).ok());
  }
  DecodeOptions options() const {
    DecodeOptions options;
    options.seek_index = span_of(index);
    options.is_seek_index_verified = true;
    return options;
  }
  Bytes jpeg;
  Bytes index;
};

MadeJpeg large_jpeg(const std::vector<int>& factors, int restart_interval) {
  MadeJpeg made;
  made.width = 317;
  made.height = 811;
  made.quality = 95;
  made.factors = factors;
  made.restart_interval = restart_interval;
  return made;
}

CropBox random_crop(std::mt19937* random, int width, int height) {
  CropBox crop;
  crop.top = static_cast<int>((*random)() % static_cast<unsigned>(height));
  crop.left = static_cast<int>((*random)() % static_cast<unsigned>(width));
  crop.height = 1 + static_cast<int>((*random)() % static_cast<unsigned>(height - crop.top));
  crop.width = 1 + static_cast<int>((*random)() % static_cast<unsigned>(width - crop.left));
  return crop;
}

Status in_bands(Span jpeg, const DecodeOptions& options, int num_threads, PixelBuffer* pixels) {
  JpegHeaders headers;
  static_cast<void>(headers.read(jpeg));
  return decode_in_bands("cpu", headers, options, num_threads, pixels);
}

void check_bands(const File& file, DecodeOptions options, std::mt19937* random) {
  const auto decoder = make_decoder("cpu");
  PixelBuffer whole, bands;
  CHECK(decoder->decode(span_of(file.jpeg), options, &whole).ok());
  const ImageView view = whole.view();
  for (int num_threads = 1; num_threads <= 9; ++num_threads) {
    CHECK(in_bands(span_of(file.jpeg), options, num_threads, &bands).ok());
    CHECK(is_same(bands.view(), view));
    DecodeOptions cropped = options;
    cropped.crop = random_crop(random, view.width, view.height);
    CHECK(in_bands(span_of(file.jpeg), cropped, num_threads, &bands).ok());
    const CropBox& box = *cropped.crop;
    const ImageView part{view.row(box.top) + 3 * box.left, box.height, box.width, 3, view.stride};
    CHECK(is_same(bands.view(), part));
  }
}

void test_bands() {
  std::mt19937 random(1);
  for (const std::vector<int>& factors :
       {std::vector<int>{2, 2, 1, 1, 1, 1}, std::vector<int>{1, 2, 1, 1, 1, 1},
        std::vector<int>{1, 1, 1, 1, 1, 1}}) {
    for (const int interval : {0, 7}) {
      const File file(large_jpeg(factors, interval));
      CHECK(!file.index.empty());
      for (const int scale : {1, 2, 4, 8}) {
        DecodeOptions options = file.options();
        options.scale_denominator = scale;
        check_bands(file, options, &random);
      }
    }
  }
}

// Not to be divided, or nothing to enter by: the pixels are the same.
void test_files_that_bands_do_not_help() {
  std::mt19937 random(2);
  MadeJpeg made = large_jpeg({2, 2, 1, 1, 1, 1}, 0);
  check_bands(File(made), DecodeOptions(), &random);  // no index
  made.is_progressive = true;
  check_bands(File(made), DecodeOptions(), &random);
  made.is_progressive = false;
  made.width = made.height = 5;
  check_bands(File(made), DecodeOptions(), &random);
}

void test_a_damaged_band() {
  const File file(large_jpeg({2, 2, 1, 1, 1, 1}, 0));
  const auto decoder = make_decoder("cpu");
  PixelBuffer sound, pixels;
  CHECK(decoder->decode(span_of(file.jpeg), file.options(), &sound).ok());
  for (const unsigned where : {1u, 3u, 5u, 7u}) {  // eighths of the file: one band after the other
    Bytes jpeg = file.jpeg;
    const std::size_t at = jpeg.size() * where / 8;
    jpeg[at - 1] = 0;
    jpeg[at] = 0xFF;
    jpeg[at + 1] = 0xD9;
    for (int num_threads = 1; num_threads <= 9; ++num_threads) {
      const Status status = in_bands(span_of(jpeg), file.options(), num_threads, &pixels);
      CHECK(status.fault() == Fault::kCorruptImage);
      CHECK(status.byte_offset() > 0 && status.byte_offset() <= static_cast<std::int64_t>(at));
      // A crop above or below the damage never meets it.
      DecodeOptions options = file.options();
      options.crop = where < 4 ? CropBox{600, 10, 200, 300} : CropBox{5, 10, 200, 300};
      CHECK(in_bands(span_of(jpeg), options, num_threads, &pixels).ok());
      const ImageView& view = sound.view();
      const ImageView part{view.row(options.crop->top) + 30, 200, 300, 3, view.stride};
      CHECK(is_same(pixels.view(), part));
    }
  }
}

void test_faults_of_bands() {
  const File file(large_jpeg({2, 2, 1, 1, 1, 1}, 0));
  PixelBuffer pixels;
  DecodeOptions options = file.options();
  options.crop = CropBox{0, 0, 812, 10};
  CHECK(in_bands(span_of(file.jpeg), options, 4, &pixels).fault() == Fault::kBadArgument);
  options = file.options();
  options.max_pixels = 317 * 811 - 1;
  CHECK(in_bands(span_of(file.jpeg), options, 4, &pixels).fault() == Fault::kImageTooLarge);
  Bytes memory(3 * 317 * 811 - 1);
  PixelBuffer too_small(memory.data(), memory.size());
  CHECK(in_bands(span_of(file.jpeg), file.options(), 4, &too_small).fault() == Fault::kBadArgument);
  CHECK(in_bands({memory.data(), 100}, file.options(), 4, &pixels).fault() == Fault::kCorruptImage);
  options = file.options();
  options.is_seek_index_verified = false;
  Bytes other = file.jpeg;
  other[other.size() - 100] ^= 1;
  CHECK(in_bands(span_of(other), options, 4, &pixels).fault() == Fault::kBadSeekIndex);
}

void test_leases() {
  CHECK(DecoderLease("no such backend").get() == nullptr);
  Decoder* first = nullptr;
  {
    const DecoderLease lease("cpu");
    first = lease.get();
    const DecoderLease other("cpu");
    CHECK(first != nullptr && other.get() != nullptr && other.get() != first);
  }
  // `other` went back first.
  CHECK(DecoderLease("cpu").get() == first);
  DecoderLease lease("cpu");
  const DecoderLease moved(std::move(lease));
  CHECK(moved.get() == first && lease.get() == nullptr);
  CHECK(DecoderLease("auto").get() != first);
}

// Coefficients of 2400 x 2400 pixels in three scans: 35 MB.
Bytes huge_jpeg() {
  using fastpass_test::Frame;
  Frame frame = fastpass_test::make_frame(2400, 2400, ColorModel::kYcc, {{1, 1}, {1, 1}, {1, 1}});
  for (auto& component : frame.components) component.quant.steps.fill(1);
  fastpass_test::Coefficients coefficients(frame);
  return fastpass_test::encode(frame, coefficients);
}

void test_a_decoder_that_grew_is_dropped() {
  const Bytes jpeg = huge_jpeg();
  std::vector<DecoderLease> all;  // whatever the pool holds
  for (int i = 0; i < 64; ++i) all.emplace_back("cpu");
  PixelBuffer pixels;
  {
    const DecoderLease lease("cpu");
    CHECK(lease.get()->decode(span_of(jpeg), {}, &pixels).ok());
    CHECK(lease.get()->bytes_held() > std::size_t{32} << 20);
  }
  CHECK(DecoderLease("cpu").get()->bytes_held() < std::size_t{1} << 20);
}

// Each on a file of its own; a decoder goes from file to file and from thread to thread.
void test_many_threads() {
  std::vector<File> files;
  std::vector<PixelBuffer> wanted(6);
  for (unsigned i = 0; i < 6; ++i) {
    MadeJpeg made;
    made.width = 60 + static_cast<int>(i) * 13;
    made.seed = i;
    made.is_progressive = i % 3 == 2;
    files.emplace_back(made);
    CHECK(make_decoder("cpu")->decode(span_of(files[i].jpeg), {}, &wanted[i]).ok());
  }
  std::atomic<int> num_wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 12; ++t) {
    threads.emplace_back([&, t] {
      PixelBuffer pixels;
      for (std::size_t i = t; i < t + 150; ++i) {
        const std::size_t which = i % files.size();
        const DecoderLease lease(i % 2 == 0 ? "cpu" : "auto");
        const Status status = lease.get()->decode(span_of(files[which].jpeg), {}, &pixels);
        if (!status.ok() || !is_same(pixels.view(), wanted[which].view())) ++num_wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(num_wrong == 0);
}

// In a child of fork(), which has the pool as it stood, and perhaps its mutex locked for ever.
bool child_decodes(const File& file, const ImageView& wanted) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // rather than hang
    PixelBuffer pixels;
    bool is_right = true;
    for (int i = 0; i < 3; ++i) {
      const DecoderLease lease("cpu");
      is_right = is_right && lease.get()->decode(span_of(file.jpeg), {}, &pixels).ok() &&
                 is_same(pixels.view(), wanted);
    }
    is_right = is_right && in_bands(span_of(file.jpeg), file.options(), 3, &pixels).ok();
    _exit(is_right ? 0 : 1);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

void test_fork() {
#if defined(__SANITIZE_ADDRESS__)
  constexpr bool kIsBusy = false;  // its own allocator may be locked in the child
#else
  constexpr bool kIsBusy = true;
#endif
  const File file(large_jpeg({2, 2, 1, 1, 1, 1}, 0));
  PixelBuffer wanted;
  CHECK(make_decoder("cpu")->decode(span_of(file.jpeg), {}, &wanted).ok());
  std::atomic<bool> is_ready{false}, is_over{false};
  std::thread other([&] {
    const DecoderLease held("cpu");
    is_ready = true;
    while (!is_over) {
      if (kIsBusy) const DecoderLease lease("cpu");
    }
  });
  while (!is_ready) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) CHECK(child_decodes(file, wanted.view()));
  is_over = true;
  other.join();
}

// What "cpu" does not know, "auto" gets from libjpeg-turbo.
void test_auto_goes_on() {
  if (make_decoder("turbo") == nullptr) return;
  std::vector<MadeJpeg> unknown(2);
  unknown[0].is_arithmetic = true;
  unknown[1].is_arithmetic = unknown[1].is_progressive = true;
  for (MadeJpeg& made : unknown) {
    made.width = 300;
    const Bytes jpeg = make_jpeg(made);
    PixelBuffer pixels, wanted;
    CHECK(make_decoder("cpu")->decode(span_of(jpeg), {}, &pixels).fault() ==
          Fault::kUnsupportedImage);
    CHECK(make_decoder("turbo")->decode(span_of(jpeg), {}, &wanted).ok());
    const auto decoder = make_decoder("auto");
    CHECK(decoder->decode(span_of(jpeg), {}, &pixels).ok());
    CHECK(is_same(pixels.view(), wanted.view()));
    CHECK(decoder->bytes_held() >= make_decoder("cpu")->bytes_held());
  }
}

// Nobody knows it, or it is damaged: the fault of the first that was asked.
void test_faults_of_auto() {
  const auto decoder = make_decoder("auto");
  PixelBuffer pixels;
  Bytes jpeg = make_jpeg(MadeJpeg());
  for (const std::size_t size : {0, 1, 2, 20, 300}) {
    CHECK(decoder->decode({jpeg.data(), size}, {}, &pixels).fault() == Fault::kCorruptImage);
  }
  auto frame = std::find(jpeg.begin(), jpeg.end(), 0xC0);  // SOF0
  while (frame[-1] != 0xFF) frame = std::find(frame + 1, jpeg.end(), 0xC0);
  frame[0] = 0xC3;  // lossless
  const Status status = decoder->decode(span_of(jpeg), {}, &pixels);
  CHECK(status.fault() == Fault::kUnsupportedImage && !status.message().empty());
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_leases();
  fastpass::test_fork();
  fastpass::test_bands();
  fastpass::test_files_that_bands_do_not_help();
  fastpass::test_a_damaged_band();
  fastpass::test_faults_of_bands();
  fastpass::test_a_decoder_that_grew_is_dropped();
  fastpass::test_many_threads();
  fastpass::test_auto_goes_on();
  fastpass::test_faults_of_auto();
  return RESULT();
}
