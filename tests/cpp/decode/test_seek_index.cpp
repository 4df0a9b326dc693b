// The bytes of a seek index: what goes in comes out, in any order, and nothing else is believed.
#include <sys/mman.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "common/xxhash64.h"
#include "decode/seek/seek_index.h"
#include "support/check.h"

namespace fastpass {
namespace {

using Bytes = std::vector<std::uint8_t>;

Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

struct Case {
  int num_mcus = 1000;
  int num_components = 3;
  int dc_low = -512, dc_high = 511;
  int bits_per_mcu = 200;  // on average
  int restart_interval = 0;
  std::uint64_t first_bit = 5000;
};

std::vector<SeekEntry> random_states(const Case& c, std::mt19937* random) {
  std::vector<SeekEntry> states;
  std::uint64_t bit = c.first_bit;
  std::uniform_int_distribution<int> bits(1, 2 * c.bits_per_mcu - 1), dc(c.dc_low, c.dc_high);
  for (int i = 0; i < c.num_mcus; ++i) {
    SeekEntry state;
    const bool is_restart = c.restart_interval > 0 && i % c.restart_interval == 0;
    if (is_restart) bit = (bit + 7) / 8 * 8;
    state.bit_offset = bit;
    for (int k = 0; k < c.num_components && i > 0 && !is_restart; ++k) {
      state.dc[static_cast<std::size_t>(k)] = static_cast<std::int16_t>(dc(*random));
    }
    states.push_back(state);
    bit += static_cast<std::uint64_t>(bits(*random));
  }
  return states;
}

Bytes jpeg_for(const std::vector<SeekEntry>& states, std::mt19937* random) {
  Bytes jpeg(static_cast<std::size_t>(states.back().bit_offset / 8 + 100));
  for (std::uint8_t& byte : jpeg) byte = static_cast<std::uint8_t>((*random)());
  return jpeg;
}

bool is_same(const SeekEntry& a, const SeekEntry& b) {
  return a.bit_offset == b.bit_offset && a.dc == b.dc;
}

// Any entry by itself, in random order, is the state that went in.
void check_round_trip(const Case& c, std::mt19937* random) {
  const std::vector<SeekEntry> states = random_states(c, random);
  const Bytes jpeg = jpeg_for(states, random);
  const Bytes index = serialize_seek_index(span_of(jpeg), states);
  CHECK(!index.empty());
  CHECK(index.size() * 50 <= jpeg.size());
  SeekIndexView view;
  const Status status = view.parse(span_of(index), span_of(jpeg), c.num_mcus, true);
  CHECK(status.ok());
  if (!status.ok()) return;
  const int step = view.mcus_per_entry();
  CHECK(view.num_entries() == (c.num_mcus + step - 1) / step);
  CHECK(view.num_entries() >= 2);
  std::vector<int> order;
  for (int i = 0; i < view.num_entries(); ++i) order.push_back(i);
  std::shuffle(order.begin(), order.end(), *random);
  for (const int i : order) {
    CHECK(is_same(view.entry(i), states[static_cast<std::size_t>(i) * step]));
  }
  CHECK(verify_seek_index(span_of(index), span_of(jpeg)).ok());
}

void test_round_trips() {
  std::mt19937 random(1);
  for (int components = 0; components <= 4; ++components) {
    for (const int restart : {0, 1, 7, 100}) {
      Case c;
      c.num_components = components;
      c.restart_interval = restart;
      check_round_trip(c, &random);
      c.dc_low = SHRT_MIN;
      c.dc_high = SHRT_MAX;
      check_round_trip(c, &random);
      c.dc_low = c.dc_high = SHRT_MIN;
      check_round_trip(c, &random);
    }
  }
  Case flat;  // three bits per MCU, as in an image of one color
  flat.num_mcus = 200000;
  flat.bits_per_mcu = 3;
  flat.dc_low = flat.dc_high = 17;
  check_round_trip(flat, &random);
  Case dense;  // every MCU gets an entry
  dense.bits_per_mcu = 20000;
  check_round_trip(dense, &random);
}

// Half a gigabyte of zeros that are read but never written takes no memory.
void test_offsets_beyond_32_bits() {
  std::mt19937 random(2);
  Case c;
  c.num_mcus = 5000;
  c.first_bit = (std::uint64_t{1} << 32) - 5000;
  const std::vector<SeekEntry> states = random_states(c, &random);
  CHECK(states.back().bit_offset >> 32 != 0);
  const std::size_t size = states.back().bit_offset / 8 + 2;
  void* zeros = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(zeros != MAP_FAILED);
  if (zeros == MAP_FAILED) return;
  const Span jpeg{static_cast<const std::uint8_t*>(zeros), size};
  const Bytes index = serialize_seek_index(jpeg, states);
  SeekIndexView view;
  CHECK(view.parse(span_of(index), jpeg, c.num_mcus, true).ok());
  munmap(zeros, size);
  CHECK(view.mcus_per_entry() == 1);
  for (int i = 0; i < c.num_mcus; ++i) {
    CHECK(is_same(view.entry(i), states[static_cast<std::size_t>(i)]));
  }
}

void test_the_smallest_step_that_fits_is_taken() {
  std::mt19937 random(3);
  Case c;
  c.num_mcus = 20000;
  const std::vector<SeekEntry> states = random_states(c, &random);
  const Bytes jpeg = jpeg_for(states, &random);
  const Bytes index = serialize_seek_index(span_of(jpeg), states);
  SeekIndexView view;
  CHECK(view.parse(span_of(index), span_of(jpeg), c.num_mcus, true).ok());
  CHECK(view.mcus_per_entry() > 1);
  // With one step less, as all the states of a file that is long enough for them.
  std::vector<SeekEntry> more;
  const std::size_t step = static_cast<std::size_t>(view.mcus_per_entry()) - 1;
  for (std::size_t i = 0; i < states.size(); i += step) more.push_back(states[i]);
  const Bytes longer(jpeg.size() * 2);
  const Bytes larger = serialize_seek_index(span_of(longer), more);
  CHECK(view.parse(span_of(larger), span_of(longer), static_cast<int>(more.size()), true).ok());
  CHECK(view.mcus_per_entry() == 1);
  CHECK(larger.size() * 50 > jpeg.size());
}

void test_files_without_an_index() {
  std::mt19937 random(4);
  CHECK(serialize_seek_index({}, {}).empty());
  Case c;
  const std::vector<SeekEntry> states = random_states(c, &random);
  const Bytes jpeg(50 * kSeekHeaderBytes);  // no room for even one entry
  CHECK(serialize_seek_index(span_of(jpeg), states).empty());
  const Bytes enough(1000000);
  CHECK(serialize_seek_index(span_of(enough), {states[0]}).empty());
  CHECK(!serialize_seek_index(span_of(enough), {states[0], states[1]}).empty());
}

struct Sound {
  int num_mcus;
  Bytes jpeg, index;
};

Sound make_sound() {
  std::mt19937 random(5);
  Case c;
  c.num_mcus = 300;
  c.bits_per_mcu = 1000;
  const std::vector<SeekEntry> states = random_states(c, &random);
  Sound sound{c.num_mcus, jpeg_for(states, &random), {}};
  sound.index = serialize_seek_index(span_of(sound.jpeg), states);
  return sound;
}

// kNone where it was accepted.
Fault fault_of(const Bytes& index, const Bytes& jpeg, int num_mcus, bool verify) {
  SeekIndexView view;
  return view.parse(span_of(index), span_of(jpeg), num_mcus, verify).fault();
}

void test_every_flipped_bit_is_noticed() {
  const Sound sound = make_sound();
  for (std::size_t bit = 0; bit < sound.index.size() * 8; ++bit) {
    Bytes index = sound.index;
    index[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK(fault_of(index, sound.jpeg, sound.num_mcus, false) == Fault::kBadSeekIndex);
  }
}

void test_every_other_length_is_noticed() {
  const Sound sound = make_sound();
  for (std::size_t size = 0; size < sound.index.size(); ++size) {
    const Bytes index(sound.index.begin(), sound.index.begin() + static_cast<long>(size));
    CHECK(fault_of(index, sound.jpeg, sound.num_mcus, false) == Fault::kBadSeekIndex);
  }
  Bytes longer = sound.index;
  longer.push_back(0);
  CHECK(fault_of(longer, sound.jpeg, sound.num_mcus, false) == Fault::kBadSeekIndex);
}

void test_an_index_of_another_file_is_refused() {
  const Sound sound = make_sound();
  CHECK(fault_of(sound.index, sound.jpeg, sound.num_mcus, true) == Fault::kNone);
  CHECK(fault_of(sound.index, sound.jpeg, sound.num_mcus + 20, false) == Fault::kBadSeekIndex);
  CHECK(fault_of(sound.index, sound.jpeg, 0, false) == Fault::kBadSeekIndex);
  Bytes jpeg = sound.jpeg;
  jpeg[jpeg.size() / 2] ^= 1;
  CHECK(fault_of(sound.index, jpeg, sound.num_mcus, false) == Fault::kNone);  // vouched for
  CHECK(fault_of(sound.index, jpeg, sound.num_mcus, true) == Fault::kBadSeekIndex);
  CHECK(verify_seek_index(span_of(sound.index), span_of(jpeg)).fault() == Fault::kBadSeekIndex);
  jpeg = sound.jpeg;
  jpeg.pop_back();
  CHECK(fault_of(sound.index, jpeg, sound.num_mcus, false) == Fault::kBadSeekIndex);
}

Bytes with_checksum(Bytes index) {
  const std::size_t at = index.size() - kSeekChecksumBytes;
  const std::uint32_t checksum = static_cast<std::uint32_t>(xxhash64(Span{index.data(), at}));
  std::memcpy(index.data() + at, &checksum, sizeof(checksum));
  return index;
}

// Whoever wrote it knows the checksum: the fields themselves must keep every entry in the file.
void test_forged_fields() {
  const Sound sound = make_sound();
  CHECK(with_checksum(sound.index) == sound.index);
  std::mt19937 random(6);
  int num_accepted = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    Bytes index = sound.index;
    const std::size_t limit = trial % 2 == 0 ? kSeekHeaderBytes : index.size();
    const std::size_t at = random() % limit;
    index[at] = static_cast<std::uint8_t>(trial % 3 == 0 ? 255 : random());
    index = with_checksum(std::move(index));
    SeekIndexView view;
    if (!view.parse(span_of(index), span_of(sound.jpeg), sound.num_mcus, false).ok()) continue;
    ++num_accepted;
    std::uint64_t previous = 0;
    for (int i = 0; i < view.num_entries(); ++i) {
      const SeekEntry entry = view.entry(i);
      CHECK(entry.bit_offset > previous && entry.bit_offset / 8 < sound.jpeg.size());
      previous = entry.bit_offset;
    }
  }
  CHECK(num_accepted > 100 && num_accepted < 19000);  // other predictors, for example
}

void test_forged_sizes() {
  const Sound sound = make_sound();
  Bytes longer = sound.index;
  longer.insert(longer.end() - kSeekChecksumBytes, 0);
  CHECK(fault_of(with_checksum(longer), sound.jpeg, sound.num_mcus, false) == Fault::kBadSeekIndex);
  Bytes wider = sound.index;  // entries that would reach behind the end
  wider[36] = 16;
  CHECK(fault_of(with_checksum(wider), sound.jpeg, sound.num_mcus, false) == Fault::kBadSeekIndex);
}

void test_messages() {
  const Sound sound = make_sound();
  SeekIndexView view;
  Bytes jpeg = sound.jpeg;
  jpeg.pop_back();
  const std::string message =
      view.parse(span_of(sound.index), span_of(jpeg), sound.num_mcus, true).message();
  CHECK(message.find(std::to_string(sound.jpeg.size())) != std::string::npos);
  CHECK(message.find(std::to_string(jpeg.size())) != std::string::npos);
  CHECK(message.find("build it again") != std::string::npos);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_round_trips();
  fastpass::test_offsets_beyond_32_bits();
  fastpass::test_the_smallest_step_that_fits_is_taken();
  fastpass::test_files_without_an_index();
  fastpass::test_every_flipped_bit_is_noticed();
  fastpass::test_every_other_length_is_noticed();
  fastpass::test_an_index_of_another_file_is_refused();
  fastpass::test_forged_fields();
  fastpass::test_forged_sizes();
  fastpass::test_messages();
  return RESULT();
}
