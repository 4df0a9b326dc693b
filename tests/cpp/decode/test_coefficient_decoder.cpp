// CoefficientDecoder against libjpeg-turbo's coefficients: every kind of file, whole and damaged.
#include <cstdlib>
#include <random>

#include "support/coefficient_check.h"
#include "support/made_jpeg.h"
#include "support/shared_data.h"

namespace fastpass {
namespace {

using fastpass_test::Agreement;
using fastpass_test::Bytes;
using fastpass_test::Decoded;
using fastpass_test::LibjpegWitness;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;

Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

// One for all images: it is reused from image to image.
Decoded decoded;

Agreement compare(const Bytes& jpeg, const char* name) {
  const Agreement agreement = fastpass_test::compare_with_libjpeg(span_of(jpeg), &decoded);
  if (agreement == Agreement::kDifferent) std::fprintf(stderr, "differs: %s\n", name);
  CHECK(agreement != Agreement::kDifferent);
  return agreement;
}

void check_whole(const Bytes& jpeg, const char* name) {
  CHECK(compare(jpeg, name) == Agreement::kSame);
  CHECK(decoded.status.ok() && decoded.damage.ok());
}

void test_sampling_factors() {
  MadeJpeg made;
  for (const int width : {1, 16, 65, 200}) {
    for (const int height : {1, 8, 47}) {
      made.width = width;
      made.height = height;
      for (int factors = 0; factors < 16; ++factors) {
        const int h = factors / 4 + 1, v = factors % 4 + 1;
        if (h * v + 2 > kMaxBlocksInMcu) continue;
        made.factors = {h, v, 1, 1, 1, 1};
        made.is_progressive = factors % 2 == 1;
        check_whole(make_jpeg(made), "luma factors");
        made.is_progressive = !made.is_progressive;
        made.factors = {1, 1, h, v, 1, 1};
        check_whole(make_jpeg(made), "chroma factors");
      }
    }
  }
}

void test_component_counts() {
  for (const int num_components : {1, 3, 4}) {
    for (const bool is_progressive : {false, true}) {
      MadeJpeg made;
      made.width = 77;
      made.num_components = num_components;
      made.factors = {2, 2, 1, 1, 1, 1, 2, 2};  // of one component: ignored
      made.is_progressive = is_progressive;
      check_whole(make_jpeg(made), "number of components");
      CHECK(decoded.markers.frame().num_components == num_components);
    }
  }
}

void test_restart_intervals() {
  for (const int interval : {1, 2, 5, 9, 100}) {
    for (const bool is_progressive : {false, true}) {
      MadeJpeg made;
      made.width = 150;
      made.height = 70;
      made.restart_interval = interval;
      made.is_progressive = is_progressive;
      check_whole(make_jpeg(made), "restart interval");
    }
  }
}

void test_quality_and_tables() {
  for (const int quality : {1, 10, 50, 95, 100}) {
    MadeJpeg made;
    made.quality = quality;
    made.is_optimized = quality % 2 == 1;
    made.has_16_bit_quant = quality == 1;
    check_whole(make_jpeg(made), "quality");
    made.is_progressive = true;
    check_whole(make_jpeg(made), "quality, progressive");
  }
}

jpeg_scan_info scan(std::initializer_list<int> components, int begin, int end, int high, int low) {
  jpeg_scan_info info = {};
  for (const int component : components) info.component_index[info.comps_in_scan++] = component;
  info.Ss = begin;
  info.Se = end;
  info.Ah = high;
  info.Al = low;
  return info;
}

// Sequential and progressive scripts; the last two leave coefficients or bits unsent.
std::vector<std::vector<jpeg_scan_info>> scripts() {
  return {
      {scan({0}, 0, 63, 0, 0), scan({1}, 0, 63, 0, 0), scan({2}, 0, 63, 0, 0)},
      {scan({2}, 0, 63, 0, 0), scan({0, 1}, 0, 63, 0, 0)},
      {scan({0, 1, 2}, 0, 0, 0, 3), scan({0, 1, 2}, 0, 0, 3, 2), scan({0, 1, 2}, 0, 0, 2, 1),
       scan({0, 1, 2}, 0, 0, 1, 0), scan({0}, 1, 63, 0, 0), scan({1}, 1, 63, 0, 0),
       scan({2}, 1, 63, 0, 0)},
      {scan({0}, 0, 0, 0, 0), scan({1, 2}, 0, 0, 0, 0), scan({0}, 1, 8, 0, 4),
       scan({0}, 9, 63, 0, 2), scan({0}, 1, 8, 4, 3), scan({0}, 1, 8, 3, 2), scan({0}, 1, 63, 2, 1),
       scan({0}, 1, 63, 1, 0), scan({1}, 1, 63, 0, 0), scan({2}, 1, 63, 0, 0)},
      {scan({0, 1, 2}, 0, 0, 0, 1), scan({0}, 1, 63, 0, 0)},
      {scan({0, 1, 2}, 0, 0, 0, 0), scan({0}, 1, 5, 0, 2), scan({1}, 1, 63, 0, 1)},
  };
}

void test_scripts() {
  for (const auto& script : scripts()) {
    for (const int interval : {0, 7}) {
      MadeJpeg made;
      made.width = 130;
      made.height = 51;
      made.scans = script;
      made.restart_interval = interval;
      check_whole(make_jpeg(made), "script");
    }
  }
}

// Block smoothing is needed where libjpeg-turbo's pixels depend on it, and only there.
Bytes pixels_of(const Bytes& jpeg, bool smooths) {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  errors.emit_message = [](j_common_ptr, int) {};
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, jpeg.data(), static_cast<unsigned long>(jpeg.size()));
  jpeg_read_header(&info, TRUE);
  info.do_block_smoothing = smooths ? TRUE : FALSE;
  jpeg_start_decompress(&info);
  const std::size_t stride = std::size_t{info.output_width} * 3;
  Bytes pixels(stride * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels.data() + stride * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_destroy_decompress(&info);
  return pixels;
}

void test_block_smoothing() {
  for (const auto& script : scripts()) {
    MadeJpeg made;
    made.width = 130;
    made.height = 51;
    made.scans = script;
    const Bytes jpeg = make_jpeg(made);
    check_whole(jpeg, "script");
    const bool matters = pixels_of(jpeg, true) != pixels_of(jpeg, false);
    CHECK(decoded.decoder.needs_block_smoothing() == matters);
  }
  // A truncated file has had no refinement yet.
  MadeJpeg made;
  made.is_progressive = true;
  Bytes jpeg = make_jpeg(made);
  CHECK(compare(jpeg, "whole") == Agreement::kSame);
  CHECK(!decoded.decoder.needs_block_smoothing());
  jpeg.resize(jpeg.size() / 2);
  CHECK(compare(jpeg, "half") == Agreement::kSame);
  CHECK(decoded.decoder.needs_block_smoothing() && !decoded.damage.ok());
}

// A progressive file with only those scans, and their tables, that `keeps` wants.
template <typename Keeps>
Bytes with_scans(const Bytes& jpeg, Keeps keeps) {
  MarkerReader markers;
  CHECK(markers.open(span_of(jpeg)).ok());
  std::size_t begin = 2;
  while (jpeg[begin] != 0xFF || jpeg[begin + 1] != 0xC4) ++begin;  // DHT of the first scan
  Bytes result(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(begin));
  bool has_scan = true;
  for (int scan = 0; has_scan; ++scan) {
    std::size_t end = markers.scan().data_offset;
    while (jpeg[end] != 0xFF || jpeg[end + 1] == 0) ++end;
    if (keeps(scan)) {
      result.insert(result.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(begin),
                    jpeg.begin() + static_cast<std::ptrdiff_t>(end));
    }
    CHECK(markers.next_scan(end, &has_scan).ok());
    begin = end;
  }
  result.insert(result.end(), {0xFF, 0xD9});
  return result;
}

// Components of which no DC, or nothing at all, was ever sent.
void test_missing_scans() {
  MadeJpeg made;
  made.scans = {scan({0, 1, 2}, 0, 0, 0, 0), scan({0}, 1, 5, 0, 2), scan({1}, 1, 63, 0, 0),
                scan({2}, 1, 63, 0, 0)};
  const Bytes jpeg = make_jpeg(made);
  const auto check = [](const Bytes& part, bool smooths) {
    CHECK(compare(part, "missing scans") == Agreement::kSame);
    CHECK(decoded.status.ok());
    CHECK(decoded.decoder.needs_block_smoothing() == smooths);
    CHECK((pixels_of(part, true) != pixels_of(part, false)) == smooths);
  };
  check(with_scans(jpeg, [](int) { return true; }), true);
  check(with_scans(jpeg, [](int scan) { return scan < 2; }), true);
  check(with_scans(jpeg, [](int scan) { return scan > 0; }), false);
}

// What is cut off may be no more than EOI.
void test_a_missing_end() {
  for (unsigned int seed = 1; seed <= 60; ++seed) {
    MadeJpeg made;
    made.width = made.height = 8 * static_cast<int>(1 + seed % 5);
    made.num_components = seed % 2 == 0 ? 1 : 3;
    made.is_progressive = seed % 3 == 0;
    made.seed = seed;
    Bytes jpeg = make_jpeg(made);
    jpeg.resize(jpeg.size() - 2);
    CHECK(compare(jpeg, "no EOI") == Agreement::kSame);
    CHECK(decoded.status.ok() && !decoded.damage.ok());
    CHECK(decoded.damage.byte_offset() == std::int64_t(jpeg.size()));
  }
}

// libjpeg-turbo reads ahead, and warns where the file ends there: so do we.
void test_a_near_end() {
  int num_warned = 0, num_fine = 0;
  for (unsigned int seed = 1; seed <= 40; ++seed) {
    MadeJpeg made;
    made.width = made.height = 24;
    made.seed = seed;
    Bytes jpeg = make_jpeg(made);
    jpeg.resize(jpeg.size() - 2);
    for (int stray = 0; stray < 12; ++stray, jpeg.push_back(0x55)) {
      LibjpegWitness witness(span_of(jpeg));
      CHECK(witness.read_header() && witness.read_rows());
      const bool has_warned = witness.warned(JWRN_JPEG_EOF);
      fastpass_test::decode(span_of(jpeg), &decoded);
      CHECK(decoded.status.ok() && (!has_warned || !decoded.damage.ok()));
      num_warned += has_warned;
      num_fine += decoded.damage.ok();
    }
  }
  CHECK(num_warned > 100 && num_fine > 100);
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
      CHECK(!decoded.status.ok() || !decoded.damage.ok());
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

void test_too_many_scans() {
  MadeJpeg made;
  made.width = made.height = 8;
  made.num_components = 1;
  made.scans = {scan({0}, 0, 0, 0, 1)};
  Bytes jpeg = make_jpeg(made);
  jpeg.resize(jpeg.size() - 2);  // without EOI
  const Bytes refinement = {0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0x10, 0x7F};
  for (int count = 1; count <= 500; ++count) {
    jpeg.insert(jpeg.end(), refinement.begin(), refinement.end());
    if (count < 499) continue;
    Bytes ended = jpeg;
    ended.insert(ended.end(), {0xFF, 0xD9});
    fastpass_test::decode(span_of(ended), &decoded);
    CHECK(decoded.status.ok() == (count < 500));
  }
}

void test_budget() {
  MadeJpeg made;
  made.is_progressive = true;
  made.width = 2000;
  made.height = 1600;
  const Bytes jpeg = make_jpeg(made);
  MarkerReader markers;
  CHECK(markers.open(span_of(jpeg)).ok());
  CoefficientImage image;
  CoefficientDecoder decoder;
  Status damage;
  CHECK(decoder.decode(&markers, span_of(jpeg), 10, &image, &damage).ok());  // 10 MB: small
  made.width = 4000;
  const Bytes larger = make_jpeg(made);
  CHECK(markers.open(span_of(larger)).ok());
  const Status status = decoder.decode(&markers, span_of(larger), 10, &image, &damage);
  CHECK(status.fault() == Fault::kImageTooLarge);
}

void test_real_files() {
  for (const char* folder : {"jpeg_hostile", "photos_highres"}) {
    int num_same = 0;
    const auto paths = fastpass_test::shared_files(folder, "");
    for (const auto& path : paths) {
      if (path.extension() == ".csv" || path.extension() == ".txt") continue;
      num_same += compare(fastpass_test::read_file(path), path.c_str()) == Agreement::kSame;
    }
    CHECK(2 * num_same >= static_cast<int>(paths.size()));
  }
}

}  // namespace
}  // namespace fastpass

// An argument multiplies the rounds of random damage.
int main(int argc, char** argv) {
  fastpass::test_sampling_factors();
  fastpass::test_component_counts();
  fastpass::test_restart_intervals();
  fastpass::test_quality_and_tables();
  fastpass::test_scripts();
  fastpass::test_block_smoothing();
  fastpass::test_missing_scans();
  fastpass::test_a_missing_end();
  fastpass::test_a_near_end();
  fastpass::test_truncation();
  fastpass::test_random_damage(500 * (argc > 1 ? std::atoi(argv[1]) : 1));
  fastpass::test_restart_markers();
  fastpass::test_too_many_scans();
  fastpass::test_budget();
  fastpass::test_real_files();
  return RESULT();
}
