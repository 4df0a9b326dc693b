// CoefficientDecoder against libjpeg-turbo's coefficients: files that are cut off or damaged.
#include <cstdlib>
#include <random>

#include "support/coefficient_compare.h"

namespace fastpass {
namespace {

using fastpass_test::Agreement;
using fastpass_test::Bytes;
using fastpass_test::compare;
using fastpass_test::decoded;
using fastpass_test::LibjpegWitness;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;
using fastpass_test::scripts;
using fastpass_test::span_of;

// Where nothing but EOI is cut off, no bit is missing.
void test_a_missing_end() {
  for (unsigned int seed = 1; seed <= 60; ++seed) {
    MadeJpeg made;
    made.width = made.height = 8 * static_cast<int>(1 + seed % 5);
    made.num_components = seed % 2 == 0 ? 1 : 3;
    made.is_progressive = seed % 3 == 0;
    if (seed % 3 == 1 && made.num_components == 3) made.scans = scripts()[seed % 2];
    made.seed = seed;
    Bytes jpeg = make_jpeg(made);
    for (int lost = 1; lost <= 2; ++lost) {
      jpeg.pop_back();
      CHECK(compare(jpeg, "no EOI") == Agreement::kSame);
      CHECK(decoded.status.ok() && decoded.damage.ok());
    }
    // And then a byte of the data, of which one bit at least is no padding.
    jpeg.pop_back();
    CHECK(compare(jpeg, "no last byte") == Agreement::kSame);
    CHECK(decoded.status.ok() && !decoded.damage.ok());
    CHECK(decoded.damage.byte_offset() == std::int64_t(jpeg.size()));
  }
}

// libjpeg-turbo reads ahead, and warns where the file ends there; where all bits that it needs are
// there, that is no damage.
void test_a_near_end() {
  int num_warned = 0;
  for (unsigned int seed = 1; seed <= 40; ++seed) {
    MadeJpeg made;
    made.width = made.height = 24;
    made.seed = seed;
    Bytes jpeg = make_jpeg(made);
    jpeg.resize(jpeg.size() - 2);
    for (int stray = 0; stray < 12; ++stray, jpeg.push_back(0x55)) {
      LibjpegWitness witness(span_of(jpeg));
      CHECK(witness.read_header() && witness.read_rows());
      num_warned += witness.warned(JWRN_JPEG_EOF);
      fastpass_test::decode(span_of(jpeg), &decoded);
      CHECK(decoded.status.ok() && decoded.damage.ok());
    }
  }
  CHECK(num_warned > 100);
}

// A scan that never came, and no EOI: that file was cut off. With EOI, it was made so.
void test_a_missing_scan() {
  MadeJpeg made;
  made.scans = scripts()[0];
  const Bytes jpeg = make_jpeg(made);
  MarkerReader markers;
  CHECK(markers.open(span_of(jpeg)).ok());
  bool has_scan = true;
  std::size_t last = 0;
  while (has_scan) {
    last = markers.scan().data_offset;
    CHECK(markers.next_scan(last, &has_scan).ok());
  }
  std::size_t sos = last;
  while (jpeg[sos] != 0xFF || jpeg[sos + 1] != 0xDA) --sos;
  Bytes cut(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(sos));
  fastpass_test::decode(span_of(cut), &decoded);
  CHECK(decoded.status.ok() && !decoded.damage.ok());
  cut.insert(cut.end(), {0xFF, 0xD9});
  fastpass_test::decode(span_of(cut), &decoded);
  CHECK(decoded.status.ok() && decoded.damage.ok());
}

std::vector<Bytes> small_jpegs() {
  std::vector<Bytes> jpegs;
  for (const bool is_progressive : {false, true}) {
    for (const int interval : {0, 3}) {
      MadeJpeg made;
      made.width = 70;
      made.height = 40;
      made.is_progressive = is_progressive;
      made.restart_interval = interval;
      jpegs.push_back(make_jpeg(made));
    }
  }
  MadeJpeg made;
  made.scans = scripts()[0];
  jpegs.push_back(make_jpeg(made));
  made.scans = scripts()[3];
  made.restart_interval = 4;
  jpegs.push_back(make_jpeg(made));
  return jpegs;
}

// Far from the end of a file libjpeg-turbo uses another, faster Huffman decoder.
Bytes long_jpeg() {
  MadeJpeg made;
  made.width = 300;
  made.height = 200;
  made.quality = 95;
  return make_jpeg(made);
}

void test_truncation() {
  for (const Bytes& whole : small_jpegs()) {
    for (std::size_t size = 2; size < whole.size(); size += size < 900 ? 1 : 7) {
      compare(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), "truncated");
      const bool lacks_only_the_end = whole.size() - size <= 2;
      CHECK(!decoded.status.ok() || decoded.damage.ok() == lacks_only_the_end);
    }
  }
}

// Damage to what is behind the first scan header; half of it makes or breaks markers.
void test_random_damage(int rounds) {
  std::mt19937 random(11);
  int num_compared = 0, num_damaged = 0;
  std::vector<Bytes> jpegs = small_jpegs();
  jpegs.push_back(long_jpeg());
  for (const Bytes& whole : jpegs) {
    MarkerReader markers;
    CHECK(markers.open(span_of(whole)).ok());
    const std::size_t begin = markers.scan().data_offset;
    for (int round = 0; round < rounds; ++round) {
      Bytes jpeg = whole;
      for (unsigned int k = 0; k <= random() % 4; ++k) {
        const std::size_t at = begin + random() % (jpeg.size() - begin - 1);
        jpeg[at] = static_cast<std::uint8_t>(random());
        const unsigned int kind = random() % 8;
        if (kind == 0) jpeg[at] = 0xFF;
        if (kind == 1) jpeg[at + 1] = static_cast<std::uint8_t>(0xD0 + random() % 8);
        if (kind == 2) jpeg.erase(jpeg.begin() + static_cast<std::ptrdiff_t>(at));
      }
      num_compared += compare(jpeg, "random damage") == Agreement::kSame;
      num_damaged += !decoded.damage.ok();
    }
  }
  CHECK(num_compared > 5 * rounds && num_damaged > rounds);
}

void test_restart_markers() {
  MadeJpeg made;
  made.width = 200;
  made.restart_interval = 2;
  const Bytes whole = make_jpeg(made);
  for (std::size_t at = 0; at + 1 < whole.size(); ++at) {
    if (whole[at] != 0xFF || whole[at + 1] < 0xD0 || whole[at + 1] > 0xD7) continue;
    for (int marker = 0xBF; marker <= 0xDA; ++marker) {
      if (marker == 0xD8) continue;
      Bytes jpeg = whole;
      jpeg[at + 1] = static_cast<std::uint8_t>(marker);
      compare(jpeg, "another marker");
      CHECK((marker == whole[at + 1]) == decoded.damage.ok());
    }
    Bytes jpeg = whole;
    jpeg.erase(jpeg.begin() + static_cast<std::ptrdiff_t>(at),
               jpeg.begin() + static_cast<std::ptrdiff_t>(at) + 2);
    compare(jpeg, "no marker");
    CHECK(!decoded.damage.ok());
  }
}

}  // namespace
}  // namespace fastpass

// An argument multiplies the rounds of random damage.
int main(int argc, char** argv) {
  fastpass::test_a_missing_end();
  fastpass::test_a_near_end();
  fastpass::test_a_missing_scan();
  fastpass::test_truncation();
  fastpass::test_random_damage(500 * (argc > 1 ? std::atoi(argv[1]) : 1));
  fastpass::test_restart_markers();
  return RESULT();
}
