// ScanReader against libjpeg-turbo's coefficients, entered at any MCU in any order; the states it
// tells against a scan bit by bit; and what it says of damage.
#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "coefficient_check.h"
#include "decode/block_group.h"
#include "decode/scan_reader.h"
#include "decode/seek_scan.h"
#include "made_jpeg.h"
#include "shared_data.h"
#include "slow_seek_scan.h"

namespace fastpass {
namespace {

using fastpass_test::Bytes;
using fastpass_test::LibjpegWitness;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;

Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

struct alignas(64) Group {
  std::int16_t coefficients[kGroupCoefficients];
};

// One file, opened; the reader is kept from file to file, as a decoder keeps it.
class OpenScan {
 public:
  explicit OpenScan(Span jpeg) : jpeg_(jpeg) {
    status_ = markers_.open(jpeg);
    if (status_.ok()) status_ = reader().open(markers_, jpeg);
    if (status_.ok()) status_ = reader().enter(jpeg.size);
    if (status_.ok()) layout_ = plan_chunk(markers_.frame());
  }
  static ScanReader& reader() {
    static ScanReader reader;
    return reader;
  }
  const Status& status() const { return status_; }
  const MarkerReader& markers() const { return markers_; }
  const Frame& frame() const { return markers_.frame(); }
  const ChunkLayout& layout() const { return layout_; }
  std::int64_t num_mcus() const { return std::int64_t{frame().mcus_wide} * frame().mcus_high; }

  // The states before all MCUs, and the fault that ended them.
  Status locate_all(std::vector<SeekEntry>* states) {
    for (std::int64_t mcu = 0; mcu < num_mcus(); ++mcu) {
      SeekEntry state;
      FASTPASS_RETURN_IF_ERROR(reader().locate(&state));
      states->push_back(state);
      FASTPASS_RETURN_IF_ERROR(reader().skip(1));
    }
    return {};
  }

 private:
  Span jpeg_;
  MarkerReader markers_;
  ChunkLayout layout_;
  Status status_;
};

bool is_same(const SeekEntry& a, const SeekEntry& b) {
  return a.bit_offset == b.bit_offset && a.dc == b.dc;
}

// The `count` MCUs from `mcu` on, in a chunk, are libjpeg's.
bool has_blocks_of(const OpenScan& scan, LibjpegWitness* witness, std::int64_t mcu, int count,
                   const Group* groups) {
  const Frame& frame = scan.frame();
  for (int i = 0; i < frame.num_components; ++i) {
    const FrameComponent& component = frame.components[static_cast<std::size_t>(i)];
    for (int block = 0; block < count * component.h * component.v; ++block) {
      const int column = block / component.v, row = block % component.v;
      const auto at = static_cast<int>(mcu) + column / component.h;
      const int x = at % frame.mcus_wide * component.h + column % component.h;
      const int y = at / frame.mcus_wide * component.v + row;
      const std::int16_t* ours =
          groups[0].coefficients + scan.layout().block_offset(i, row, column);
      if (!fastpass_test::is_same_block(ours, witness->block(i, y, x))) return false;
    }
  }
  return true;
}

class Comparison {
 public:
  Comparison(const Bytes& jpeg, OpenScan* scan, std::mt19937* random)
      : jpeg_(jpeg), scan_(*scan), random_(*random), witness_(span_of(jpeg)) {
    is_read_ = witness_.read_header() && witness_.read_coefficients();
    groups_.resize(static_cast<std::size_t>(scan->layout().num_groups));
  }
  bool is_read() const { return is_read_; }

  // From the first MCU to the last, in runs of any length, some passed over.
  bool reads_in_order() {
    if (!scan_.reader().enter(jpeg_.size()).ok()) return false;
    while (scan_.reader().mcu() < scan_.num_mcus()) {
      if (random_() % 3 == 0) {
        const auto count = static_cast<std::int64_t>(random_() % 20);
        const std::int64_t left = scan_.num_mcus() - scan_.reader().mcu();
        if (!scan_.reader().skip(std::min(count, left)).ok()) return false;
      }
      if (!reads_a_run()) return false;
    }
    return true;
  }

  // Entered at known states, in any order.
  bool reads_anywhere(const std::vector<SeekEntry>& states, std::size_t most) {
    std::vector<std::int64_t> mcus;
    for (std::int64_t mcu = 0; mcu < scan_.num_mcus(); ++mcu) mcus.push_back(mcu);
    std::shuffle(mcus.begin(), mcus.end(), random_);
    for (std::size_t i = 0; i < std::min(most, mcus.size()); ++i) {
      const SeekEntry& state = states[static_cast<std::size_t>(mcus[i])];
      // Up to the end of the file, or as little behind the entry as one run may need.
      const std::size_t limit = i % 2 == 0 ? jpeg_.size() : limit_of(states, mcus[i]);
      if (!scan_.reader().enter(state, mcus[i], limit).ok()) return false;
      SeekEntry again;
      if (!scan_.reader().locate(&again).ok() || !is_same(again, state)) return false;
      if (scan_.reader().mcu() != mcus[i] || !reads_a_run()) return false;
    }
    return true;
  }

 private:
  std::size_t limit_of(const std::vector<SeekEntry>& states, std::int64_t mcu) const {
    const auto behind = static_cast<std::size_t>(mcu + scan_.layout().mcus);
    if (behind >= states.size()) return jpeg_.size();
    return static_cast<std::size_t>(states[behind].bit_offset / 8) + 2;  // a stuffed byte
  }
  bool reads_a_run() {
    const std::int64_t mcu = scan_.reader().mcu();
    const auto most = std::min<std::int64_t>(scan_.layout().mcus, scan_.num_mcus() - mcu);
    const int count = static_cast<int>(random_() % static_cast<std::uint64_t>(most + 1));
    std::fill(groups_.begin(), groups_.end(), Group());
    return scan_.reader().decode(count, groups_[0].coefficients).ok() &&
           scan_.reader().mcu() == mcu + count &&
           has_blocks_of(scan_, &witness_, mcu, count, groups_.data());
  }

  const Bytes& jpeg_;
  OpenScan& scan_;
  std::mt19937& random_;
  LibjpegWitness witness_;
  bool is_read_ = false;
  std::vector<Group> groups_;
};

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

Status read_all(const Bytes& jpeg) {
  OpenScan scan(span_of(jpeg));
  FASTPASS_RETURN_IF_ERROR(scan.status());
  return scan.reader().skip(scan.num_mcus());
}

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

std::size_t data_offset_of(const Bytes& jpeg) {
  MarkerReader markers;
  CHECK(markers.open(span_of(jpeg)).ok());
  return markers.scan().data_offset;
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
  fastpass::test_sampling_factors();
  fastpass::test_restart_intervals();
  fastpass::test_component_counts_and_tables();
  fastpass::test_photos();
  fastpass::test_wanted_components();
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
