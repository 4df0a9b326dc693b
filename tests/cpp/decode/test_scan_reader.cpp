// ScanReader against libjpeg-turbo's coefficients, entered at any MCU in any order, and the states
// that it tells against a scan bit by bit.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "decode/entropy/scan_reader.h"
#include "support/check.h"
#include "support/made_jpeg.h"
#include "support/open_scan.h"
#include "support/shared_data.h"
#include "support/slow_seek_scan.h"

namespace fastpass {
namespace {

using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;

void check_sound(const Bytes& jpeg, std::size_t num_entries, std::mt19937* random,
                 const std::string& name) {
  OpenScan scan(span_of(jpeg));
  CHECK(scan.status().ok());
  if (!scan.status().ok()) return;
  std::vector<SeekEntry> states, slow_states;
  CHECK(scan.locate_all(&states).ok());
  CHECK(slow_seek_scan(span_of(jpeg), &slow_states));
  CHECK(std::equal(states.begin(), states.end(), slow_states.begin(), slow_states.end(), is_same));
  Comparison comparison(jpeg, &scan, random);
  CHECK(comparison.is_read());
  const bool is_right =
      comparison.reads_in_order() && comparison.reads_anywhere(states, num_entries);
  CHECK(is_right);
  if (!is_right) std::fprintf(stderr, "differs: %s\n", name.c_str());
}

constexpr std::size_t kAll = ~std::size_t{0};

void test_sampling_factors() {
  std::mt19937 random(1);
  for (int factors = 0; factors < 16; ++factors) {
    const int h = factors / 4 + 1, v = factors % 4 + 1;
    if (h * v + 2 > kMaxBlocksInMcu) continue;
    MadeJpeg made;
    made.width = 83;
    made.height = 70;
    made.restart_interval = factors % 3 == 0 ? 0 : factors;
    made.factors = {h, v, 1, 1, 1, 1};
    check_sound(make_jpeg(made), kAll, &random, "luma factors");
    made.factors = {1, 1, h, v, 1, 1};
    check_sound(make_jpeg(made), kAll, &random, "chroma factors");
  }
}

void test_restart_intervals() {
  std::mt19937 random(2);
  for (const int interval : {1, 2, 3, 4, 5, 6, 7, 11, 13, 100, 1000}) {
    for (const int num_components : {1, 3, 4}) {
      MadeJpeg made;
      made.width = 130;
      made.height = 61;
      made.num_components = num_components;
      made.restart_interval = interval;
      check_sound(make_jpeg(made), kAll, &random, "restart interval");
    }
  }
}

void test_component_counts_and_tables() {
  std::mt19937 random(3);
  for (const int num_components : {1, 3, 4}) {
    for (const int quality : {1, 20, 75, 100}) {
      for (const bool is_optimized : {false, true}) {
        MadeJpeg made;
        made.width = 150;
        made.height = 90;
        made.num_components = num_components;
        made.factors = {2, 2, 1, 1, 1, 1, 2, 2};
        made.quality = quality;
        made.is_optimized = is_optimized;
        check_sound(make_jpeg(made), 100, &random, "components and tables");
      }
    }
  }
}

void test_photos() {
  std::mt19937 random(4);
  const auto photos = fastpass_test::shared_files("photos_imagenet200", ".JPEG");
  int num_checked = 0;
  for (std::size_t i = 0; i < photos.size(); i += 8) {
    const Bytes jpeg = fastpass_test::read_file(photos[i]);
    MarkerReader markers;
    if (!markers.open(span_of(jpeg)).ok() || !markers.is_single_scan()) continue;
    check_sound(jpeg, 40, &random, photos[i]);
    ++num_checked;
  }
  CHECK(photos.empty() || num_checked > 10);
}

void test_wanted_components() {
  MadeJpeg made;
  made.restart_interval = 3;
  const Bytes jpeg = make_jpeg(made);
  OpenScan scan(span_of(jpeg));
  CHECK(scan.status().ok());
  LibjpegWitness witness(span_of(jpeg));
  CHECK(witness.read_header() && witness.read_coefficients());
  scan.reader().want_ac(0, false);
  scan.reader().want_ac(2, false);
  scan.reader().want_ac(2, true);
  std::vector<Group> groups(static_cast<std::size_t>(scan.layout().num_groups));
  CHECK(scan.reader().decode(4, groups[0].coefficients).ok());
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < 64; ++k) {
      const int offset = k / 8 * kGroupStride + k % 8;
      const std::int16_t* luma = groups[0].coefficients + scan.layout().block_offset(0, 0, 2 * i);
      CHECK(luma[offset] == (k == 0 ? witness.block(0, 0, 2 * i)[0] : 0));
      for (int c = 1; c < 3; ++c) {
        const int at = scan.layout().block_offset(c, 0, i);
        CHECK(groups[0].coefficients[at + offset] == witness.block(c, 0, i)[k]);
      }
    }
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_sampling_factors();
  fastpass::test_restart_intervals();
  fastpass::test_component_counts_and_tables();
  fastpass::test_photos();
  fastpass::test_wanted_components();
  return RESULT();
}
