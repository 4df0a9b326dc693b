// MarkerReader against libjpeg-turbo: what is accepted, and every field of what is.
#include <algorithm>
#include <cstdio>
#include <random>

#include "support/made_jpeg.h"
#include "support/marker_check.h"

namespace fastpass {
namespace {

using fastpass_test::agrees;
using fastpass_test::Bytes;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;

Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

#define CHECK_AGREES(jpeg, name)                                              \
  do {                                                                        \
    const bool is_agreed = agrees(jpeg);                                      \
    if (!is_agreed) std::fprintf(stderr, "differs from libjpeg: %s\n", name); \
    CHECK(is_agreed);                                                         \
  } while (false)

Bytes small_jpeg(bool is_progressive, int num_components, int restart_interval) {
  MadeJpeg made;
  made.width = 33;
  made.height = 17;
  made.num_components = num_components;
  made.is_progressive = is_progressive;
  made.restart_interval = restart_interval;
  return make_jpeg(made);
}

std::vector<Bytes> small_jpegs() {
  std::vector<Bytes> jpegs;
  for (const int num_components : {1, 3, 4}) {
    jpegs.push_back(small_jpeg(false, num_components, 0));
    jpegs.push_back(small_jpeg(true, num_components, 3));
  }
  return jpegs;
}

std::size_t header_size(const Bytes& jpeg) {
  MarkerReader reader;
  CHECK(reader.open(span_of(jpeg)).ok());
  return reader.scan().data_offset;
}

void test_truncation_at_every_byte() {
  for (const Bytes& whole : small_jpegs()) {
    for (std::size_t size = 1; size <= whole.size(); ++size) {
      CHECK_AGREES(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                   "truncated");
    }
  }
}

// Two random bytes of the header at a time, half of them small numbers: fields more than garbage.
void test_damaged_headers() {
  std::mt19937 random(7);
  for (const Bytes& whole : small_jpegs()) {
    const std::size_t size = header_size(whole);
    for (int round = 0; round < 4000; ++round) {
      Bytes jpeg = whole;
      for (int k = 0; k < 2; ++k) {
        const unsigned int value = random();
        jpeg[2 + random() % (size - 2)] =
            static_cast<std::uint8_t>(value & 256 ? value % 20 : value);
      }
      CHECK_AGREES(jpeg, "damaged header");
    }
  }
}

// Bytes and whole segments taken out or put in between others.
void test_moved_bytes() {
  std::mt19937 random(8);
  for (const Bytes& whole : small_jpegs()) {
    const std::size_t size = header_size(whole);
    for (int round = 0; round < 2000; ++round) {
      Bytes jpeg = whole;
      const auto begin = static_cast<std::ptrdiff_t>(random() % size);
      const auto at = static_cast<std::ptrdiff_t>(random() % size);
      const auto count = static_cast<std::ptrdiff_t>(random() % 70);
      jpeg.insert(jpeg.begin() + at, whole.begin() + begin,
                  whole.begin() + std::min(begin + count, std::ptrdiff_t(whole.size())));
      CHECK_AGREES(jpeg, "bytes put in");
      const auto end = std::min(at + count, std::ptrdiff_t(jpeg.size()));
      jpeg.erase(jpeg.begin() + at, jpeg.begin() + end);
      CHECK_AGREES(jpeg, "bytes taken out");
    }
  }
}

// The segments of `jpeg` up to its entropy-coded data, with `extra` put in front of `marker`.
Bytes with_bytes_before(const Bytes& jpeg, std::uint8_t marker, const Bytes& extra) {
  Bytes result = {0xFF, 0xD8};
  bool is_done = false;
  for (std::size_t at = 2; at + 4 <= jpeg.size();) {
    const std::size_t length = static_cast<std::size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3];
    if (jpeg[at + 1] == marker && !is_done) {
      result.insert(result.end(), extra.begin(), extra.end());
      is_done = true;
    }
    const bool is_last = jpeg[at + 1] == 0xDA;
    const std::size_t end = is_last ? jpeg.size() : at + 2 + length;
    result.insert(result.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(at),
                  jpeg.begin() + static_cast<std::ptrdiff_t>(end));
    if (is_last) break;
    at = end;
  }
  CHECK(is_done);
  return result;
}

constexpr std::uint8_t kDqtCode = 0xDB, kSofCode = 0xC0, kSosCode = 0xDA;

void test_what_lies_between_segments() {
  const Bytes jpeg = small_jpeg(false, 3, 0);
  const std::vector<Bytes> harmless = {
      {0x00, 0x12, 0x34},                    // stray bytes
      {0xFF, 0xFF, 0xFF},                    // fill bytes
      {0xFF, 0x00},                          // a stuffed byte
      {0xFF, 0x01},                          // TEM
      {0xFF, 0xD3},                          // RST3
      {0xFF, 0xE5, 0x00, 0x00},              // APP5 of length 0
      {0xFF, 0xFE, 0x00, 0x04, 0xFF, 0xD9},  // a comment that holds an EOI
      {0xFF, 0xDC, 0x00, 0x04, 0x00, 0x10},  // DNL
      {0xFF, 0xCC, 0x00, 0x04, 0x00, 0x10},  // DAC
  };
  for (const Bytes& extra : harmless) {
    const Bytes longer = with_bytes_before(jpeg, kDqtCode, extra);
    MarkerReader reader;
    CHECK(reader.open(span_of(longer)).ok());
    CHECK_AGREES(longer, "harmless bytes");
  }
  const std::vector<Bytes> fatal = {
      {0xFF, 0xD8},                          // SOI
      {0xFF, 0xD9},                          // EOI
      {0xFF, 0x02},                          // reserved
      {0xFF, 0xF3},                          // JPG3
      {0xFF, 0xDE, 0x00, 0x02},              // DHP
      {0xFF, 0xDB, 0x00, 0x03, 0x04},        // DQT 4
      {0xFF, 0xDB, 0x00, 0x04, 0x00, 0x01},  // too short
      {0xFF, 0xC4, 0x00, 0x05, 0, 0, 0},     // DHT of 3 bytes
      {0xFF, 0xDD, 0x00, 0x05, 0, 1, 2},     // DRI of 3 bytes
      {0xFF, 0xCC, 0x00, 0x04, 0x20, 0x10},  // DAC 32
  };
  for (const Bytes& extra : fatal) {
    const Bytes longer = with_bytes_before(jpeg, kDqtCode, extra);
    MarkerReader reader;
    CHECK(reader.open(span_of(longer)).fault() == Fault::kCorruptImage);
    CHECK_AGREES(longer, "fatal bytes");
  }
}

void test_order_of_headers() {
  const Bytes jpeg = small_jpeg(false, 3, 0);
  const Bytes sos = {0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3F, 0x00};
  const Bytes sof = {0xFF, 0xC0, 0x00, 0x0B, 8, 0, 9, 0, 9, 1, 1, 0x11, 0};
  for (const Bytes& wrong :
       {with_bytes_before(jpeg, kSofCode, sos), with_bytes_before(jpeg, kSosCode, sof)}) {
    MarkerReader reader;
    CHECK(reader.open(span_of(wrong)).fault() == Fault::kCorruptImage);
    CHECK_AGREES(wrong, "order");
  }
}

void test_unsupported_processes() {
  for (int marker = 0xC0; marker <= 0xCF; ++marker) {
    if (marker == 0xC4 || marker == 0xCC) continue;
    Bytes jpeg = small_jpeg(false, 3, 0);
    for (std::size_t i = 2; i + 1 < jpeg.size(); ++i) {
      if (jpeg[i] == 0xFF && jpeg[i + 1] == kSofCode) {
        jpeg[i + 1] = static_cast<std::uint8_t>(marker);
        break;
      }
    }
    MarkerReader reader;
    const Status status = reader.open(span_of(jpeg));
    if (marker > 0xC2) CHECK(status.fault() == Fault::kUnsupportedImage);
    CHECK_AGREES(jpeg, "process");
  }
}

// MJPEG: no DHT at all. The standard tables stand in, but not for a progressive frame.
void test_standard_tables() {
  for (const bool is_progressive : {false, true}) {
    Bytes jpeg = small_jpeg(is_progressive, 3, 0);
    const std::size_t size = header_size(jpeg);
    for (std::size_t i = 2; i + 1 < size; ++i) {
      if (jpeg[i] == 0xFF && jpeg[i + 1] == 0xC4) jpeg[i + 1] = 0xFE;  // DHT becomes a comment
      if (jpeg[i] == 0xFF && jpeg[i + 1] == kSosCode) break;
    }
    MarkerReader reader;
    CHECK(reader.open(span_of(jpeg)).ok() == !is_progressive);
    CHECK_AGREES(jpeg, "no Huffman tables");
  }
}

// All ones is no code, and a tree has only so much room; the DC symbols end at 15.
void test_huffman_trees() {
  const Bytes jpeg = small_jpeg(false, 3, 0);
  std::size_t dht = 2;
  while (jpeg[dht] != 0xFF || jpeg[dht + 1] != 0xC4) ++dht;
  CHECK(jpeg[dht + 4] == 0);  // the first one is DC table 0, of 12 symbols
  const auto is_accepted = [&](const Bytes& counts, std::uint8_t last_symbol) {
    Bytes changed = jpeg;
    std::copy(counts.begin(), counts.end(), changed.begin() + static_cast<std::ptrdiff_t>(dht) + 5);
    changed[dht + 4 + 16 + 12] = last_symbol;
    CHECK_AGREES(changed, "Huffman tree");
    MarkerReader reader;
    return reader.open(span_of(changed)).ok();
  };
  const Bytes with_room = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
  CHECK(is_accepted(with_room, 15));
  CHECK(!is_accepted(with_room, 16));
  CHECK(!is_accepted({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 0, 0, 0, 0, 0}, 11));  // full
  CHECK(!is_accepted({0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}, 11));  // more than full
}

void test_color_models() {
  const Bytes adobe = {0xFF, 0xEE, 0,    14,   'A',  'd',  'o',  'b',
                       'e',  0,    0x64, 0x00, 0x00, 0x00, 0x00, 0x00};
  for (const int num_components : {3, 4}) {
    for (int transform = 0; transform < 4; ++transform) {
      for (const bool has_jfif : {false, true}) {
        Bytes jpeg = small_jpeg(false, num_components, 0);
        Bytes extra = adobe;
        extra.back() = static_cast<std::uint8_t>(transform);
        if (!has_jfif && num_components == 3) jpeg[3] = 0xE1;  // JFIF's APP0 becomes APP1
        CHECK_AGREES(with_bytes_before(jpeg, kSofCode, extra), "color model");
      }
    }
  }
  for (const Bytes& ids : {Bytes{'R', 'G', 'B'}, Bytes{1, 2, 3}, Bytes{0, 1, 2}, Bytes{7, 7, 7}}) {
    Bytes jpeg = small_jpeg(false, 3, 0);
    jpeg[3] = 0xE1;
    std::size_t at = 2;
    while (jpeg[at] != 0xFF || jpeg[at + 1] != kSofCode) ++at;
    for (std::size_t i = 0; i < 3; ++i) jpeg[at + 10 + 3 * i] = ids[i];
    while (jpeg[at] != 0xFF || jpeg[at + 1] != kSosCode) ++at;
    for (std::size_t i = 0; i < 3; ++i) jpeg[at + 5 + 2 * i] = ids[i];
    CHECK_AGREES(jpeg, "component ids");
  }
}

// Every scan of a progressive file, found from inside its entropy-coded data.
void test_next_scan() {
  const Bytes jpeg = small_jpeg(true, 3, 5);
  MarkerReader reader;
  CHECK(reader.open(span_of(jpeg)).ok());
  CHECK(!reader.is_single_scan());
  int num_scans = 0;
  for (bool has_scan = true; has_scan; ++num_scans) {
    CHECK(reader.scan().restart_interval == 5);
    CHECK(reader.next_scan(reader.scan().data_offset + 1, &has_scan).ok());
  }
  CHECK(num_scans == 10);  // libjpeg's script for color
  CHECK(reader.damage().ok());
}

void test_limits_in_the_frame_header() {
  const Bytes jpeg = small_jpeg(false, 3, 0);
  std::size_t sof = 2;
  while (jpeg[sof] != 0xFF || jpeg[sof + 1] != kSofCode) ++sof;
  const auto fault_with = [&](std::size_t offset, int high, int low) {
    Bytes changed = jpeg;
    changed[sof + offset] = static_cast<std::uint8_t>(high);
    changed[sof + offset + 1] = static_cast<std::uint8_t>(low);
    CHECK_AGREES(changed, "limits");
    MarkerReader reader;
    return reader.open(span_of(changed)).fault();
  };
  CHECK(fault_with(5, 0, 0) == Fault::kCorruptImage);       // height 0
  CHECK(fault_with(7, 0, 0) == Fault::kCorruptImage);       // width 0
  CHECK(fault_with(5, 0xFF, 0xFF) == Fault::kNone);         // height 65535
  CHECK(fault_with(7, 0xFF, 0xFF) == Fault::kNone);         // width 65535
  CHECK(fault_with(4, 12, 0) == Fault::kUnsupportedImage);  // 12 bits per sample
  CHECK(fault_with(10, 1, 0x55) == Fault::kCorruptImage);   // factors 5 x 5
  CHECK(fault_with(10, 1, 0x44) == Fault::kCorruptImage);   // 18 blocks per MCU
  CHECK(fault_with(10, 1, 0x42) == Fault::kNone);           // 10 blocks per MCU
  CHECK(fault_with(11, 0x22, 3) == Fault::kCorruptImage);   // a table that is not there
}

void test_hostile_files() {
  for (const auto& path : fastpass_test::shared_files("jpeg_hostile", "")) {
    const Bytes jpeg = fastpass_test::read_file(path);
    if (jpeg.size() < 3 || path.extension() == ".csv") continue;
    CHECK_AGREES(jpeg, path.c_str());
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_truncation_at_every_byte();
  fastpass::test_damaged_headers();
  fastpass::test_moved_bytes();
  fastpass::test_what_lies_between_segments();
  fastpass::test_order_of_headers();
  fastpass::test_unsupported_processes();
  fastpass::test_standard_tables();
  fastpass::test_huffman_trees();
  fastpass::test_color_models();
  fastpass::test_next_scan();
  fastpass::test_limits_in_the_frame_header();
  fastpass::test_hostile_files();
  return RESULT();
}
