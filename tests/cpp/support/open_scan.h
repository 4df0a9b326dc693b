// A JPEG with its ScanReader, and what it reads against libjpeg-turbo's coefficients.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "decode/entropy/scan_reader.h"
#include "decode/syntax/block_group.h"
#include "support/check.h"
#include "support/coefficient_check.h"
#include "support/shared_data.h"

namespace fastpass {

using fastpass_test::Bytes;
using fastpass_test::LibjpegWitness;

inline Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

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

inline bool is_same(const SeekEntry& a, const SeekEntry& b) {
  return a.bit_offset == b.bit_offset && a.dc == b.dc;
}

// The `count` MCUs from `mcu` on, in a chunk, are libjpeg's.
inline bool has_blocks_of(const OpenScan& scan, LibjpegWitness* witness, std::int64_t mcu,
                          int count, const Group* groups) {
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

inline Status read_all(const Bytes& jpeg) {
  OpenScan scan(span_of(jpeg));
  FASTPASS_RETURN_IF_ERROR(scan.status());
  return scan.reader().skip(scan.num_mcus());
}

inline std::size_t data_offset_of(const Bytes& jpeg) {
  MarkerReader markers;
  CHECK(markers.open(span_of(jpeg)).ok());
  return markers.scan().data_offset;
}

}  // namespace fastpass
