// Entropy decoding of files without an index: a block of lanes per image.
//
// Note [Self-synchronization]. The data is cut into parts of kPartBytes. A lane does not know which
// bit of its part begins a code, nor which coefficient that code stands for; it guesses. Huffman
// codes are such that a wrong guess soon meets the right sequence of codes and stays with it. So:
// every lane decodes its part; then, in rounds, every part whose guess is not where the part before
// it ended is decoded again from there, until nothing changes: now the first part's beginning,
// which is known, has been handed on through all of them. The numbers of blocks and the DC
// differences of the parts are summed, and each part is decoded once more, this time to store what
// it decodes. (A. Weissenberger and B. Schmidt, "Massively Parallel Huffman Decoding on GPUs", ICPP
// 2018.)
//
// Restart markers cut the data into segments whose beginnings are known. A marker where none is due
// ends the data: no lane can be mistaken about that, since bytes tell it, not codes.
#pragma once

#include <cstdint>

#include "common/gpu/block_program.h"
#include "common/hd.h"
#include "decode/gpu/gpu_huffman.h"
#include "decode/gpu/gpu_image.h"

namespace fastpass {

constexpr std::uint32_t kPartBytes = 128;  // a multiple of 4
constexpr int kMaxScanRounds = 256;

// Between two codes, after refill().
struct ScanState {
  static constexpr std::uint8_t kAfterFf = 1;
  static constexpr std::uint8_t kIsFill = 2;
  static constexpr std::uint8_t kAtMarker = 4;

  std::uint64_t bits = 0;
  std::uint32_t word = 0;
  std::int8_t count = 0;
  std::uint8_t flags = 0;
  std::uint8_t block = 0;  // of the MCU
  std::uint8_t k = 0;      // zigzag position of the next coefficient

  // `bits` follow from the rest.
  FASTPASS_HD bool operator==(const ScanState& other) const {
    return word == other.word && count == other.count && block == other.block && k == other.k;
  }
};

// What lanes find out about one part of a scan.
struct ScanPart {
  ScanState start;
  ScanState end[2];  // of even and of odd steps: neighbors read one while the other is written
  int segment = 0;
  int num_blocks = 0;    // that begin in this part
  GpuPredictors dc_sum;  // of their differences
};

// Walks codes; knows no MCU, only the block within one.
struct ScanWalker {
  const GpuImage& image;
  GpuBits reader;
  int block = 0;
  int k = 0;

  FASTPASS_HD const GpuComponent& component() const {
    return image.components[image.blocks[block].component];
  }
  FASTPASS_HD GpuSymbol step() {
    const GpuSymbol symbol =
        k == 0 ? read_dc(reader, *component().dc_table) : read_ac(reader, *component().ac_table, k);
    k = symbol.next_k;
    refill(reader);  // so that the state depends on the place alone
    return symbol;
  }
  // Behind the last code of a block.
  FASTPASS_HD void next_block() {
    k = 0;
    if (++block == image.num_blocks) block = 0;
  }
  FASTPASS_HD bool is_at_end() const { return reader.at_marker && reader.count <= 0; }
  // The bits of all words loaded less those that wait: ascends with the place, and no two readers
  // at one place differ in it.
  FASTPASS_HD std::int64_t place() const { return std::int64_t{32} * reader.word - reader.count; }

  FASTPASS_HD ScanState state() const {
    ScanState state;
    state.bits = reader.bits;
    state.word = reader.word;
    state.count = static_cast<std::int8_t>(reader.count);
    state.flags = static_cast<std::uint8_t>((reader.after_ff ? ScanState::kAfterFf : 0) |
                                            (reader.is_fill ? ScanState::kIsFill : 0) |
                                            (reader.at_marker ? ScanState::kAtMarker : 0));
    state.block = static_cast<std::uint8_t>(block);
    state.k = static_cast<std::uint8_t>(k);
    return state;
  }
  FASTPASS_HD void restore(const ScanState& state) {
    reader = GpuBits();
    reader.words = image.words;
    reader.bits = state.bits;
    reader.word = state.word;
    reader.count = state.count;
    reader.after_ff = (state.flags & ScanState::kAfterFf) != 0;
    reader.is_fill = (state.flags & ScanState::kIsFill) != 0;
    reader.at_marker = (state.flags & ScanState::kAtMarker) != 0;
    block = state.block;
    k = state.k;
  }
};

// A sum over parts that begins anew at every segment.
struct ScanSum {
  int num_blocks = 0;
  GpuPredictors dc;
  bool has_begin = false;

  FASTPASS_HD void add(const ScanPart& part, bool is_first_of_segment) {
    if (is_first_of_segment) {
      *this = ScanSum();
      has_begin = true;
    }
    num_blocks += part.num_blocks;
    dc.add_all(part.dc_sum);
  }
  // What stands before this sum.
  FASTPASS_HD void add_before(const ScanSum& before) {
    num_blocks += before.num_blocks;
    dc.add_all(before.dc);
    has_begin = before.has_begin;
  }
};

// The pass over files without an index: one block of lanes for each.
struct DecodeScans {
  static constexpr int kLanes = 256;

  const GpuImage* images;
  const std::int32_t* scan_images;  // [block]
  ScanPart* parts;
  const std::uint8_t* natural_order;

  struct Shared {
    unsigned int changes[5];  // of step % 5
    unsigned int last_part;   // with data in it, where there are no restarts
    ScanSum sums[kLanes];     // of the parts of every lane
  };

  std::int64_t shared_bytes() const { return std::int64_t{sizeof(Shared)}; }

  // Step 0 clears, step 1 guesses, then come rounds. Quiet steps behind them: 1 the sums, 2
  // storing.
  FASTPASS_HD bool has_step(int block, int step, const std::uint8_t* shared) const {
    static_cast<void>(block);
    if (step <= 1) return true;
    const int quiet = num_quiet(shared_as<Shared>(shared), step);
    return quiet == 0 ? step <= kMaxScanRounds : quiet <= 2;
  }

  FASTPASS_HD void run(int block, int step, int lane, std::uint8_t* memory) const {
    auto& shared = shared_as<Shared>(memory);
    const GpuImage& image = images[scan_images[block]];
    if (step == 0) {
      if (lane == 0) {
        for (int i = 0; i < 5; ++i) shared.changes[i] = 0;
        shared.last_part = static_cast<unsigned int>(image.num_parts - 1);
      }
      return;
    }
    if (lane == 0) shared.changes[(step + 1) % 5] = 0;
    if (step == 1) return guess(image, lane, shared);
    const int quiet = num_quiet(shared, step);
    if (quiet == 0) {
      if (step == kMaxScanRounds && lane == 0) *image.given_up = 1;
      return decode_again(image, step, lane, shared);
    }
    if (quiet == 1) return sum_up(image, lane, shared);
    store(image, lane, shared);
  }

 private:
  // Steps without changes right before `step`, three at most.
  FASTPASS_HD static int num_quiet(const Shared& shared, int step) {
    int quiet = 0;
    while (quiet < 3 && step - 1 - quiet > 0 && shared.changes[(step - 1 - quiet) % 5] == 0) {
      ++quiet;
    }
    return quiet;
  }

  FASTPASS_HD ScanPart* parts_of(const GpuImage& image) const { return parts + image.first_part; }
  FASTPASS_HD static const ScanSegment& segment_of(const GpuImage& image, int part) {
    int begin = 0;
    int end = image.num_segments;
    while (end - begin > 1) {
      const int middle = begin + (end - begin) / 2;
      if (image.segments[middle].first_part <= part) {
        begin = middle;
      } else {
        end = middle;
      }
    }
    return image.segments[begin];
  }
  // Of the bytes behind the part, which may lie behind the segment.
  FASTPASS_HD static std::int64_t end_of(const ScanSegment& segment, int part) {
    return segment.begin + std::int64_t{kPartBytes} * (part - segment.first_part + 1);
  }
  // In the units of ScanWalker::place(): where the part's last code may begin, exclusive.
  FASTPASS_HD static std::int64_t limit_of(const ScanSegment& segment, int part) {
    constexpr std::int64_t kNone = std::int64_t{1} << 40;
    return end_of(segment, part) >= segment.end ? kNone : 8 * end_of(segment, part);
  }

  FASTPASS_HD void decode_part(const GpuImage& image, int part, ScanState* end) const {
    ScanPart& own = parts_of(image)[part];
    const std::int64_t limit = limit_of(image.segments[own.segment], part);
    ScanWalker walker{image, {}, 0, 0};
    walker.restore(own.start);
    own.num_blocks = 0;
    own.dc_sum = GpuPredictors();
    while (walker.place() < limit && !walker.is_at_end()) {
      const bool begins = walker.k == 0;
      const int component = image.blocks[walker.block].component;
      const GpuSymbol symbol = walker.step();
      if (begins) {
        ++own.num_blocks;
        own.dc_sum.add(component, symbol.value);
      }
      if (walker.k == 64) walker.next_block();
    }
    *end = walker.state();
  }

  // Whether the data end in front of `limit`, wherever in it codes begin.
  FASTPASS_HD static bool ends_within(const ScanState& end, std::int64_t limit) {
    const bool met_marker = (end.flags & ScanState::kAtMarker) != 0;
    return met_marker && std::int64_t{32} * end.word <= limit;
  }

  FASTPASS_HD void guess(const GpuImage& image, int lane, Shared& shared) const {
    ScanPart* own_parts = parts_of(image);
    for (int part = lane; part < image.num_parts; part += kLanes) {
      ScanPart& own = own_parts[part];
      const ScanSegment& segment = segment_of(image, part);
      own.segment = static_cast<int>(&segment - image.segments);
      const std::uint32_t in_segment = static_cast<std::uint32_t>(part - segment.first_part);
      std::uint32_t byte = segment.begin + in_segment * kPartBytes;
      // What follows an FF is no data: a stuffed zero, or the marker.
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(image.words);
      if (in_segment > 0 && bytes[byte - 1] == 0xFF) --byte;
      ScanWalker walker{image, {}, 0, 0};
      walker.reader = begin_gpu_bits(image.words, byte, 0);
      own.start = walker.state();
      decode_part(image, part, &own.end[1]);
      if (image.num_segments == 1 && ends_within(own.end[1], limit_of(segment, part))) {
        atomic_min(&shared.last_part, static_cast<unsigned int>(part));
      }
    }
    atomic_add(&shared.changes[1], 1);
  }

  FASTPASS_HD void decode_again(const GpuImage& image, int step, int lane, Shared& shared) const {
    ScanPart* own_parts = parts_of(image);
    const int now = step & 1;
    for (int part = lane; part <= static_cast<int>(shared.last_part); part += kLanes) {
      ScanPart& own = own_parts[part];
      const bool is_first = part == image.segments[own.segment].first_part;
      if (is_first || own_parts[part - 1].end[1 - now] == own.start) {
        own.end[now] = own.end[1 - now];
        continue;
      }
      own.start = own_parts[part - 1].end[1 - now];
      decode_part(image, part, &own.end[now]);
      atomic_add(&shared.changes[step % 5], 1);
    }
  }

  // Lanes sum neighboring parts: those of lane i are [first_of(i), first_of(i + 1)).
  FASTPASS_HD static int first_of(int num_parts, int lane) {
    const int each = (num_parts + kLanes - 1) / kLanes;
    const int first = lane * each;
    return first < num_parts ? first : num_parts;
  }

  FASTPASS_HD void sum_up(const GpuImage& image, int lane, Shared& shared) const {
    const int num_parts = static_cast<int>(shared.last_part) + 1;
    ScanSum sum;
    for (int part = first_of(num_parts, lane); part < first_of(num_parts, lane + 1); ++part) {
      const ScanPart& own = parts_of(image)[part];
      sum.add(own, part == image.segments[own.segment].first_part);
    }
    shared.sums[lane] = sum;
  }

  FASTPASS_HD void store(const GpuImage& image, int lane, const Shared& shared) const {
    const int num_parts = static_cast<int>(shared.last_part) + 1;
    ScanSum sum;
    for (int before = lane - 1; before >= 0 && !sum.has_begin; --before) {
      sum.add_before(shared.sums[before]);
    }
    for (int part = first_of(num_parts, lane); part < first_of(num_parts, lane + 1); ++part) {
      const ScanPart& own = parts_of(image)[part];
      const bool is_first = part == image.segments[own.segment].first_part;
      if (is_first) sum = ScanSum();
      const ScanSegment& segment = image.segments[own.segment];
      const bool is_last = part + 1 == num_parts || end_of(segment, part) >= segment.end;
      if (!store_part(image, part, sum, is_last)) *image.given_up = 1;
      sum.add(own, is_first);
    }
  }

  // `before`: of the segment's parts before this one. False at damage.
  FASTPASS_HD bool store_part(const GpuImage& image, int part, const ScanSum& before,
                              bool is_last) const {
    const ScanPart& own = parts_of(image)[part];
    const ScanSegment& segment = image.segments[own.segment];
    const std::int64_t limit = limit_of(segment, part);
    const int end = segment.num_mcus * image.num_blocks;
    ScanWalker walker{image, {}, 0, 0};
    walker.restore(own.start);
    GpuPredictors dc = before.dc;
    // The block that is going on; it may have begun in an earlier part.
    int index = before.num_blocks - (walker.k == 0 ? 0 : 1);
    while (index < end && walker.place() < limit && !walker.is_at_end()) {
      const int mcu = segment.first_mcu + index / image.num_blocks;
      const int component = image.blocks[walker.block].component;
      std::int16_t* block = block_of_mcu(image, mcu, walker.block);
      const GpuSymbol symbol = walker.step();
      if (!symbol.is_sound || has_run_out(walker.reader)) return false;
      if (symbol.k == 0) {
        dc.add(component, symbol.value);
        if (block != nullptr) block[0] = static_cast<std::int16_t>(dc.of(component));
      } else if (symbol.has_value && block != nullptr &&
                 image.components[component].log2_side > 0) {
        block[natural_order[symbol.k]] = static_cast<std::int16_t>(symbol.value);
      }
      if (walker.k == 64) {
        walker.next_block();
        ++index;
      }
    }
    return !is_last || index >= end;
  }
};

}  // namespace fastpass
