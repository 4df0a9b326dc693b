// CoefficientDecoder against libjpeg-turbo's coefficients: every kind of file. Damage:
// test_coefficient_damage.cpp.
#include <algorithm>

#include "support/coefficient_compare.h"

namespace fastpass {
namespace {

using fastpass_test::Agreement;
using fastpass_test::Bytes;
using fastpass_test::check_whole;
using fastpass_test::compare;
using fastpass_test::decoded;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;
using fastpass_test::scan;
using fastpass_test::scripts;
using fastpass_test::span_of;

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

// 8 x 8 pixels: a block, which each scan visits once. 16 visits are allowed to every file.
void test_too_many_scans() {
  MadeJpeg made;
  made.width = made.height = 8;
  made.num_components = 1;
  made.scans = {scan({0}, 0, 0, 0, 1)};
  Bytes jpeg = make_jpeg(made);
  jpeg.resize(jpeg.size() - 2);  // without EOI
  const Bytes refinement = {0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0x10, 0x7F};
  for (int num_scans = 2; num_scans <= 40; ++num_scans) {
    jpeg.insert(jpeg.end(), refinement.begin(), refinement.end());
    Bytes ended = jpeg;
    ended.insert(ended.end(), {0xFF, 0xD9});
    for (const int budget : {1, 30}) {
      MarkerReader markers;
      CHECK(markers.open(span_of(ended)).ok());
      Status damage;
      const Status status =
          decoded.decoder.decode(&markers, span_of(ended), {1000, budget}, &decoded.image, &damage);
      const bool is_too_much = num_scans > std::max(budget, 16);
      CHECK(status.fault() == (is_too_much ? Fault::kTooManyScans : Fault::kNone));
    }
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
  const CoefficientLimits limits = {10, 1};
  CHECK(decoder.decode(&markers, span_of(jpeg), limits, &image, &damage).ok());  // 10 MB: small
  made.width = 4000;
  const Bytes larger = make_jpeg(made);
  CHECK(markers.open(span_of(larger)).ok());
  const Status status = decoder.decode(&markers, span_of(larger), limits, &image, &damage);
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

int main() {
  fastpass::test_sampling_factors();
  fastpass::test_component_counts();
  fastpass::test_restart_intervals();
  fastpass::test_quality_and_tables();
  fastpass::test_scripts();
  fastpass::test_too_many_scans();
  fastpass::test_budget();
  fastpass::test_real_files();
  return RESULT();
}
