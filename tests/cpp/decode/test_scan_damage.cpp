// What ScanReader says of damage, and which files get a seek index.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "decode/entropy/scan_reader.h"
#include "decode/seek_scan.h"
#include "support/check.h"
#include "support/made_jpeg.h"
#include "support/open_scan.h"
#include "support/shared_data.h"
#include "support/slow_seek_scan.h"

namespace fastpass {
namespace {

using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;

// kCorruptImage, told with a place in [begin, end].
void check_damage(const Status& status, std::size_t begin, std::size_t end) {
  const bool is_right = status.fault() == Fault::kCorruptImage &&
                        status.byte_offset() >= static_cast<std::int64_t>(begin) &&
                        status.byte_offset() <= static_cast<std::int64_t>(end);
  CHECK(is_right);
  if (is_right) return;
  std::fprintf(stderr, "at %lld, %zu..%zu wanted: %s\n",
               static_cast<long long>(status.byte_offset()), begin, end, status.message().c_str());
}

std::vector<std::size_t> restart_markers(const Bytes& jpeg) {
  std::vector<std::size_t> found;
  for (std::size_t at = data_offset_of(jpeg); at + 1 < jpeg.size(); ++at) {
    if (jpeg[at] == 0xFF && jpeg[at + 1] >= 0xD0 && jpeg[at + 1] <= 0xD7) found.push_back(at);
  }
  return found;
}

Bytes with(Bytes jpeg, std::size_t at, const Bytes& inserted) {
  jpeg.insert(jpeg.begin() + static_cast<long>(at), inserted.begin(), inserted.end());
  return jpeg;
}

Bytes without(Bytes jpeg, std::size_t at, long count) {
  jpeg.erase(jpeg.begin() + static_cast<long>(at), jpeg.begin() + static_cast<long>(at) + count);
  return jpeg;
}

Bytes jpeg_with_restarts() {
  MadeJpeg made;
  made.width = 200;
  made.height = 64;
  made.restart_interval = 3;
  return make_jpeg(made);
}

void test_other_restart_markers() {
  const Bytes whole = jpeg_with_restarts();
  const std::vector<std::size_t> markers = restart_markers(whole);
  CHECK(markers.size() > 16);
  for (std::size_t i = 0; i < markers.size(); ++i) {
    const std::size_t at = markers[i];
    for (int marker = 0xC0; marker <= 0xFE; ++marker) {
      if (marker == whole[at + 1]) continue;
      Bytes jpeg = whole;
      jpeg[at + 1] = static_cast<std::uint8_t>(marker);
      check_damage(read_all(jpeg), at, at);
    }
    const std::size_t next = i + 1 < markers.size() ? markers[i + 1] : whole.size();
    check_damage(read_all(without(whole, at, 2)), at, next);  // the next one comes too early
    if (next == whole.size()) continue;
    Bytes jpeg = whole;
    std::swap(jpeg[at + 1], jpeg[next + 1]);
    check_damage(read_all(jpeg), at, at);
    check_damage(read_all(without(whole, at, static_cast<long>(next - at))), at, at);
    check_damage(read_all(with(whole, at, {0xFF, whole[at + 1]})), at + 2, at + 2);
  }
}

// As libjpeg has it: data that nobody looks at, and fill bytes, may stand before a marker.
void test_what_stands_before_a_marker() {
  std::mt19937 random(5);
  const Bytes whole = jpeg_with_restarts();
  const std::vector<std::size_t> markers = restart_markers(whole);
  for (const Bytes& inserted : {Bytes{0xFF}, Bytes{0xFF, 0xFF, 0xFF}, Bytes{0x12, 0xFF, 0, 0x34},
                                Bytes(50, 0), Bytes{0xFF, 0, 0xFF, 0}}) {
    Bytes jpeg = whole;
    for (auto at = markers.rbegin(); at != markers.rend(); ++at) jpeg = with(jpeg, *at, inserted);
    OpenScan scan(span_of(jpeg));
    Comparison comparison(jpeg, &scan, &random);
    CHECK(comparison.is_read() && comparison.reads_in_order());
  }
  for (const Bytes& inserted : {Bytes{0xFF, 0x01}, Bytes{0xFF, 0xFF, 0x00}, Bytes{1, 0xFF, 0xD9}}) {
    const Bytes jpeg = with(whole, markers[4], inserted);
    check_damage(read_all(jpeg), markers[4], markers[4] + inserted.size());
  }
}

// A marker where there should be none: told where it stands, or where the data after it ran out of
// step before.
void test_markers_within_the_data() {
  for (const int interval : {0, 3}) {
    MadeJpeg made;
    made.width = 200;
    made.height = 64;
    made.restart_interval = interval;
    const Bytes whole = make_jpeg(made);
    const std::size_t begin = data_offset_of(whole);
    for (std::size_t at = begin; at + 2 < whole.size(); at += 13) {
      if (whole[at - 1] == 0xFF || whole[at] == 0xFF) continue;
      check_damage(read_all(with(whole, at, {0xFF, 0xD9})), at, at);
    }
  }
}

void test_truncation() {
  for (const int interval : {0, 1, 5}) {
    for (const int num_components : {1, 3}) {
      MadeJpeg made;
      made.restart_interval = interval;
      made.num_components = num_components;
      const Bytes whole = make_jpeg(made);
      for (std::size_t size = data_offset_of(whole); size + 2 < whole.size(); ++size) {
        const Bytes jpeg(whole.begin(), whole.begin() + static_cast<long>(size));
        const Status status = read_all(jpeg);
        check_damage(status, size - 1, size);  // a lone FF at the end is no data
        CHECK(status.message().find("the file ends") != std::string::npos);
      }
      for (const std::size_t missing : {0, 1, 2}) {  // of EOI
        CHECK(read_all(Bytes(whole.begin(), whole.end() - static_cast<long>(missing))).ok());
      }
    }
  }
}

void test_behind_the_last_mcu() {
  for (const int interval : {0, 4}) {
    MadeJpeg made;
    made.restart_interval = interval;  // of 12 MCUs
    const Bytes jpeg = make_jpeg(made);
    OpenScan scan(span_of(jpeg));
    CHECK(scan.reader().skip(scan.num_mcus()).ok());
    CHECK(scan.reader().skip(0).ok());
    CHECK(scan.reader().skip(1).fault() == Fault::kCorruptImage);
  }
}

// Random bytes: whatever comes, no sanitizer complains, and the place is inside the file.
void test_random_damage() {
  std::mt19937 random(6);
  const Bytes whole = jpeg_with_restarts();
  const std::size_t begin = data_offset_of(whole);
  int num_damaged = 0;
  for (int round = 0; round < 3000; ++round) {
    Bytes jpeg = whole;
    for (unsigned i = 0; i <= random() % 8; ++i) {
      jpeg[begin + random() % (jpeg.size() - begin)] = static_cast<std::uint8_t>(random());
    }
    const Status status = read_all(jpeg);
    num_damaged += !status.ok();
    if (!status.ok()) check_damage(status, begin, jpeg.size());
  }
  CHECK(num_damaged > 1500);
}

// Why our scan may refuse what the slow one, which does as libjpeg does, reads on in.
bool is_stricter(const Bytes& jpeg) {
  const Status status = read_all(jpeg);
  if (status.fault() != Fault::kCorruptImage) return false;
  // libjpeg lets a run that leaves the block end in its last coefficient.
  if (status.message().find("more than 64 coefficients") != std::string::npos) return true;
  // libjpeg takes FF FF 00 for a byte FF with fill in front of it; for us FF FF is never data.
  const auto at = static_cast<std::size_t>(status.byte_offset());
  return at + 2 < jpeg.size() && jpeg[at] == 0xFF && jpeg[at + 1] == 0xFF;
}

// Motion JPEG: the tables are the standard ones, which the slow scan does not know.
bool has_no_tables(const Bytes& jpeg) {
  constexpr std::uint8_t kTables[] = {0xFF, 0xC4};
  return std::search(jpeg.begin(), jpeg.end(), kTables, kTables + 2) == jpeg.end();
}

// The index is that of the slow scan's states, or neither gives one.
struct IndexCounts {
  int same = 0, none = 0, stricter = 0;
};

void compare_index(const Bytes& jpeg, const std::string& name, IndexCounts* counts) {
  Bytes index, wanted;
  CHECK(build_seek_index(span_of(jpeg), &index).ok());
  std::vector<SeekEntry> states;
  const bool has_states = slow_seek_scan(span_of(jpeg), &states);
  if (has_states) wanted = serialize_seek_index(span_of(jpeg), states);
  if (index == wanted) {
    ++(wanted.empty() ? counts->none : counts->same);
    return;
  }
  const bool is_explained = index.empty() ? is_stricter(jpeg) : has_no_tables(jpeg);
  counts->stricter += is_explained && index.empty();
  CHECK(is_explained);
  if (!is_explained) {
    std::fprintf(stderr, "%s: index of %zu bytes, %zu wanted; %s\n", name.c_str(), index.size(),
                 wanted.size(), read_all(jpeg).message().c_str());
  }
}

void test_indexes_of_made_files() {
  std::mt19937 random(7);
  IndexCounts counts;
  for (const int interval : {0, 1, 4, 9}) {
    for (const int num_components : {1, 3, 4}) {
      MadeJpeg made;
      made.width = 500;
      made.height = 300;
      made.quality = 95;
      made.restart_interval = interval;
      made.num_components = num_components;
      const Bytes whole = make_jpeg(made);
      compare_index(whole, "made", &counts);
      const std::size_t begin = data_offset_of(whole);
      for (int round = 0; round < 25; ++round) {
        Bytes jpeg = whole;
        jpeg[begin + random() % (jpeg.size() - begin)] = static_cast<std::uint8_t>(random());
        compare_index(jpeg, "damaged", &counts);
      }
    }
  }
  CHECK(counts.same >= 12 && counts.none > 0 && counts.stricter > 0);
}

// What the slow scan reads on in; see is_stricter().
void test_where_we_are_stricter() {
  MadeJpeg made;
  made.width = 500;
  made.height = 300;
  made.quality = 95;
  const Bytes whole = make_jpeg(made);
  constexpr std::uint8_t kStuffed[] = {0xFF, 0x00};
  const auto begin = whole.begin() + static_cast<long>(data_offset_of(whole));
  const auto found = std::search(begin, whole.end(), kStuffed, kStuffed + 2);
  CHECK(found != whole.end());
  IndexCounts counts;
  compare_index(with(whole, static_cast<std::size_t>(found - whole.begin()), {0xFF}), "FF FF 00",
                &counts);
  CHECK(counts.stricter == 1);
}

void test_indexes_of_hostile_files() {
  IndexCounts counts;
  for (const auto& path : fastpass_test::shared_files("jpeg_hostile", "")) {
    if (path.extension() == ".csv") continue;
    compare_index(fastpass_test::read_file(path), path, &counts);
  }
  std::printf("hostile: %d with an index, %d without, %d where we are stricter\n", counts.same,
              counts.none, counts.stricter);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_other_restart_markers();
  fastpass::test_what_stands_before_a_marker();
  fastpass::test_markers_within_the_data();
  fastpass::test_truncation();
  fastpass::test_behind_the_last_mcu();
  fastpass::test_random_damage();
  fastpass::test_indexes_of_made_files();
  fastpass::test_where_we_are_stricter();
  fastpass::test_indexes_of_hostile_files();
  return RESULT();
}
