// Backend "cpu" takes no memory for an image like those it has seen, holds no more than it says,
// and writes nowhere but into the pixels it was given.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "decode/decoder_registry.h"
#include "decode/seek_scan.h"
#include "decode/syntax/jpeg_markers.h"
#include "support/check.h"
#include "support/made_jpeg.h"
#include "support/shared_data.h"

namespace {

std::atomic<long> num_allocations{0};

void* allocate(std::size_t size) {
  ++num_allocations;
  return std::malloc(size == 0 ? 1 : size);
}

void* allocate_or_throw(std::size_t size) {
  void* memory = allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* allocate_aligned(std::size_t size, std::align_val_t alignment) {
  ++num_allocations;
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
}

void* allocate_aligned_or_throw(std::size_t size, std::align_val_t alignment) {
  void* memory = allocate_aligned(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t unit) {
  return allocate_aligned_or_throw(size, unit);
}
void* operator new[](std::size_t size, std::align_val_t unit) {
  return allocate_aligned_or_throw(size, unit);
}
void* operator new(std::size_t size, std::align_val_t unit, const std::nothrow_t&) noexcept {
  return allocate_aligned(size, unit);
}
void* operator new[](std::size_t size, std::align_val_t unit, const std::nothrow_t&) noexcept {
  return allocate_aligned(size, unit);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace fastpass {
namespace {

using fastpass_test::Bytes;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;

Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

struct File {
  Bytes jpeg;
  Bytes index;  // empty: none
  int width = 0;
  int height = 0;
};

File file_of(Bytes jpeg) {
  File file;
  file.jpeg = std::move(jpeg);
  CHECK(build_seek_index(span_of(file.jpeg), &file.index).ok());
  MarkerReader markers;
  CHECK(markers.open(span_of(file.jpeg)).ok());
  file.width = markers.frame().width;
  file.height = markers.frame().height;
  return file;
}

// Every kind, small after large and large after small.
std::vector<File> mixed_files() {
  std::vector<File> files;
  const std::vector<std::vector<int>> all_factors = {
      {1, 1, 1, 1, 1, 1}, {2, 2, 1, 1, 1, 1}, {2, 1, 1, 1, 1, 1}, {1, 2, 1, 1, 1, 1}};
  for (unsigned i = 0; i < 32; ++i) {
    MadeJpeg made;
    made.width = 100 + static_cast<int>(i * 97 % 500);
    made.height = 100 + static_cast<int>(i * 61 % 300);
    made.num_components = i % 7 == 3 ? 1 : i % 7 == 5 ? 4 : 3;
    made.factors = all_factors[i % 4];
    made.is_progressive = i % 5 == 4;
    made.restart_interval = i % 3 == 0 ? 5 : 0;
    made.is_optimized = i % 2 == 0;
    made.quality = 95;
    files.push_back(file_of(make_jpeg(made)));
  }
  const auto photos = fastpass_test::shared_files("photos_imagenet200", ".JPEG");
  for (std::size_t i = 0; i < photos.size(); i += 25) {
    files.push_back(file_of(fastpass_test::read_file(photos[i])));
  }
  return files;
}

// Whole and parts of it, at every scale, with and without an index, damage filled or not.
void decode_every_way(Decoder* decoder, const File& file, PixelBuffer* pixels) {
  for (const int scale : {1, 2, 4, 8}) {
    const int width = (file.width + scale - 1) / scale, height = (file.height + scale - 1) / scale;
    const CropBox crop{height / 3, width / 4, (height + 2) / 3, (width + 1) / 2};
    for (const OnDamage on_damage : {OnDamage::kRaise, OnDamage::kFill}) {
      for (const bool has_index : {false, true}) {
        DecodeOptions options;
        options.scale_denominator = scale;
        options.on_damage = on_damage;
        if (has_index) options.seek_index = span_of(file.index);
        CHECK(decoder->decode(span_of(file.jpeg), options, pixels).ok());
        options.crop = crop;
        CHECK(decoder->decode(span_of(file.jpeg), options, pixels).ok());
      }
    }
  }
}

void test_no_allocation_per_image() {
  const std::vector<File> files = mixed_files();
  int num_indexes = 0;
  for (const File& file : files) num_indexes += !file.index.empty();
  CHECK(num_indexes > 10);
  const auto decoder = make_decoder("cpu");
  PixelBuffer pixels;
  for (const File& file : files) decode_every_way(decoder.get(), file, &pixels);
  const std::size_t bytes_held = decoder->bytes_held();
  const long before = num_allocations;
  CHECK(before > 0);
  for (const File& file : files) decode_every_way(decoder.get(), file, &pixels);
  CHECK(num_allocations == before);
  CHECK(decoder->bytes_held() == bytes_held);
}

// Samples that a few MCU rows of the planes have, and a line of each component.
std::size_t plane_bytes(const Frame& frame) {
  std::size_t sum = 0;
  for (int i = 0; i < frame.num_components; ++i) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(i)];
    const int rows = 2 * 8 * component.v, columns = 8 * component.h * frame.mcus_wide;
    sum +=
        static_cast<std::size_t>((rows + 1) * (columns + 128) + 8 * frame.mcus_wide * frame.max_h);
  }
  return sum;
}

// Beyond what an empty decoder holds: a sequential file's entropy-coded data and two MCU rows of
// samples; of the others two bytes per sample, rows rounded up to chunks of 16 MCUs.
void test_bytes_held() {
  MadeJpeg tiny;
  tiny.width = tiny.height = 1;
  for (const bool is_progressive : {false, true}) {
    for (const int num_components : {1, 3, 4}) {
      MadeJpeg made;
      made.width = 900;
      made.height = 1200;
      made.num_components = num_components;
      made.is_progressive = is_progressive;
      const File small = file_of(make_jpeg(tiny)), file = file_of(make_jpeg(made));
      MarkerReader markers;
      CHECK(markers.open(span_of(file.jpeg)).ok());
      const auto decoder = make_decoder("cpu");
      PixelBuffer pixels;
      CHECK(decoder->decode(span_of(small.jpeg), {}, &pixels).ok());
      const std::size_t empty = decoder->bytes_held();
      CHECK(empty < std::size_t{128} << 10);
      CHECK(decoder->decode(span_of(file.jpeg), {}, &pixels).ok());
      std::size_t most = plane_bytes(markers.frame()) + 4096;
      if (is_progressive) {
        const std::size_t columns = 900 + 16 * 16, rows = 1200 + 16;
        const std::size_t samples = columns * rows * (num_components == 3 ? 3 : 2 * num_components);
        most += 2 * (num_components == 1 ? columns * rows : samples / 2);
      } else {
        most += file.jpeg.size();
      }
      const std::size_t grown = decoder->bytes_held() - empty;
      CHECK(grown <= most);
      CHECK(grown >= most / 4);  // it does count
    }
  }
}

void test_borrowed_pixels() {
  constexpr std::uint8_t kGuard = 0xA5;
  MadeJpeg made;
  made.width = 45;
  made.height = 37;
  for (const bool is_progressive : {false, true}) {
    made.is_progressive = is_progressive;
    const Bytes jpeg = make_jpeg(made);
    const std::size_t wanted = 3 * 45 * 37;
    for (const char* backend : {"cpu", "auto"}) {
      const auto decoder = make_decoder(backend);
      PixelBuffer own;
      CHECK(decoder->decode(span_of(jpeg), {}, &own).ok());
      Bytes memory(wanted + 64, kGuard);
      PixelBuffer exact(memory.data(), wanted);
      CHECK(decoder->decode(span_of(jpeg), {}, &exact).ok());
      CHECK(exact.view().data == memory.data());
      CHECK(
          std::equal(memory.begin(), memory.begin() + static_cast<long>(wanted), own.view().data));
      CHECK(Bytes(memory.end() - 64, memory.end()) == Bytes(64, kGuard));
      for (const std::size_t size : {wanted - 1, std::size_t{0}}) {
        const Bytes before(wanted, kGuard);
        Bytes small = before;
        PixelBuffer too_small(small.data(), size);
        CHECK(decoder->decode(span_of(jpeg), {}, &too_small).fault() == Fault::kBadArgument);
        CHECK(small == before);
      }
    }
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_no_allocation_per_image();
  fastpass::test_bytes_held();
  fastpass::test_borrowed_pixels();
  return RESULT();
}
