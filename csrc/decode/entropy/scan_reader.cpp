#include "decode/entropy/scan_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "decode/syntax/block_group.h"
#include "decode/syntax/unstuff.h"

namespace fastpass {
namespace {

// What McuRun::num_mcus can count; longer runs are divided.
constexpr std::int64_t kMaxRun = std::int64_t{1} << 30;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// Passed-over MCUs leave their coefficients here; nobody looks at them.
constexpr std::array<std::int32_t, kMaxBlocksInMcu> kNoOffsets{};

bool is_same(const HuffmanSpec& a, const HuffmanSpec& b) {
  return a.counts == b.counts && a.values == b.values;
}

}  // namespace

Status ScanReader::open(const MarkerReader& markers, Span jpeg) {
  markers_ = &markers;
  jpeg_ = jpeg;
  const Frame& frame = markers.frame();
  num_mcus_ = std::int64_t{frame.mcus_wide} * frame.mcus_high;
  FASTPASS_RETURN_IF_ERROR(plan_tables());
  plan_blocks();
  return {};
}

Status ScanReader::plan_tables() {
  const Scan& scan = markers_->scan();
  for (std::size_t i = 0; i < static_cast<std::size_t>(scan.num_components); ++i) {
    const ScanComponent& component = scan.components[i];
    const HuffmanSpec& dc = markers_->dc_spec(component.dc_table);
    const HuffmanSpec& ac = markers_->ac_spec(component.ac_table);
    const auto fits = [&](const std::unique_ptr<KnownTables>& known) {
      return known && is_same(known->dc, dc) && is_same(known->ac, ac);
    };
    // Two components with the same codes read the same memory: it competes for the first cache.
    std::size_t slot = 0;
    while (slot < i && !fits(known_tables_[slot])) ++slot;
    auto& known = known_tables_[slot];
    if (!fits(known)) {
      if (!known) known.reset(new (std::nothrow) KnownTables);
      if (!known) return {Fault::kOutOfMemory, "no memory for Huffman tables"};
      known->dc = dc;
      known->ac = ac;
      build_fast_tables(dc, ac, &known->tables);
    }
    tables_[i] = &known->tables;
  }
  return {};
}

void ScanReader::plan_blocks() {
  const Frame& frame = markers_->frame();
  const Scan& scan = markers_->scan();
  const ChunkLayout layout = plan_chunk(frame);
  num_blocks_ = 0;
  offsets_.clear();
  for (int mcu = 0; mcu < layout.mcus; ++mcu) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(scan.num_components); ++i) {
      const int index = scan.components[i].index;
      const FrameComponent& component = frame.components[static_cast<std::size_t>(index)];
      for (int block = 0; block < component.h * component.v; ++block) {
        const int row = block / component.h;
        const int column = mcu * component.h + block % component.h;
        offsets_.push_back(layout.block_offset(index, row, column));
        if (mcu > 0) continue;
        const auto at = static_cast<std::size_t>(num_blocks_++);
        blocks_[at] = {tables_[i], index, true};
        skipped_blocks_[at] = {tables_[i], index, false};
      }
    }
  }
}

void ScanReader::want_ac(int component, bool is_wanted) {
  for (BlockOfMcu& block : blocks_) {
    if (block.component == component) block.wants_ac = is_wanted;
  }
}

Status ScanReader::enter(std::size_t limit) {
  SeekEntry entry;
  entry.bit_offset = std::uint64_t{8} * markers_->scan().data_offset;
  return enter(entry, 0, limit);
}

Status ScanReader::enter(const SeekEntry& entry, std::int64_t mcu, std::size_t limit) {
  limit_ = std::min(limit, jpeg_.size);
  mcu_ = mcu;
  const int interval = markers_->scan().restart_interval;
  mcus_to_restart_ = interval == 0 ? kNever : interval - mcu % interval;
  std::copy(entry.dc.begin(), entry.dc.end(), run_.dc);
  return load(static_cast<std::size_t>(entry.bit_offset / 8),
              static_cast<int>(entry.bit_offset % 8));
}

Status ScanReader::load(std::size_t offset, int bit) {
  begin_offset_ = std::min(offset, limit_);
  const std::size_t wanted = limit_ - begin_offset_ + kReadAhead;
  if (wanted > capacity_) {
    clean_.reset();
    capacity_ = 0;
    clean_.reset(new (std::nothrow) std::uint8_t[wanted]);
    if (!clean_) {
      return {Fault::kOutOfMemory,
              "no memory for " + std::to_string(wanted) + " bytes of entropy-coded data"};
    }
    capacity_ = wanted;
  }
  const CleanData clean =
      remove_stuffing({jpeg_.data + begin_offset_, limit_ - begin_offset_}, clean_.get());
  end_offset_ = begin_offset_ + clean.end;
  std::memset(clean_.get() + clean.size, 0, kReadAhead);
  run_.end = clean_.get() + clean.size;
  run_.cursor = {};
  run_.cursor.next = clean_.get();
  if (bit > 0) {
    run_.cursor.bits = std::uint64_t{clean_[0]} << (56 + bit);
    run_.cursor.count = static_cast<std::uint64_t>(8 - bit);
    ++run_.cursor.next;
  }
  num_stuffed_ = 0;
  next_ff_ = find_ff(0);
  return {};
}

std::size_t ScanReader::find_ff(std::size_t from) const {
  const auto size = static_cast<std::size_t>(run_.end - clean_.get());
  const void* found = from < size ? std::memchr(clean_.get() + from, 0xFF, size - from) : nullptr;
  if (found == nullptr) return size;
  return static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - clean_.get());
}

// What lies between the last MCU of an interval and the marker, nobody looks at: nor does libjpeg.
Status ScanReader::cross_restart() {
  const int interval = markers_->scan().restart_interval;
  const int expected = 0xD0 + static_cast<int>((mcu_ / interval - 1) % 8);
  std::size_t at = end_offset_;
  while (at < jpeg_.size && jpeg_.data[at] == 0xFF) ++at;
  if (at >= jpeg_.size) {
    return corrupt("the file ends where a restart marker is wanted", jpeg_.size);
  }
  if (jpeg_.data[at] != expected) {
    return corrupt(
        "the restart marker RST" + std::to_string(expected - 0xD0) + " is wanted, another one came",
        at - 1);
  }
  std::fill(std::begin(run_.dc), std::end(run_.dc), 0);
  mcus_to_restart_ = interval;
  return load(at + 1, 0);
}

Status ScanReader::locate(SeekEntry* entry) {
  if (mcus_to_restart_ == 0) FASTPASS_RETURN_IF_ERROR(cross_restart());
  const std::int64_t position = run_.cursor.position(clean_.get());
  const auto byte = static_cast<std::size_t>(position / 8);
  for (; next_ff_ < byte; next_ff_ = find_ff(next_ff_ + 1)) ++num_stuffed_;
  entry->bit_offset = 8 * std::uint64_t{begin_offset_ + byte + num_stuffed_} +
                      static_cast<std::uint64_t>(position % 8);
  for (std::size_t i = 0; i < entry->dc.size(); ++i) {
    entry->dc[i] = static_cast<std::int16_t>(run_.dc[i]);
  }
  return {};
}

Status ScanReader::run(std::int64_t num_mcus, const BlockOfMcu* blocks, const std::int32_t* offsets,
                       int offsets_per_mcu, std::int16_t* coefficients) {
  run_.blocks = blocks;
  run_.num_blocks = num_blocks_;
  run_.offsets = offsets;
  run_.offsets_per_mcu = offsets_per_mcu;
  run_.coefficients = coefficients;
  while (num_mcus > 0) {
    if (mcus_to_restart_ == 0) FASTPASS_RETURN_IF_ERROR(cross_restart());
    const std::int64_t count = std::min({num_mcus, mcus_to_restart_, kMaxRun});
    run_.num_mcus = static_cast<int>(count);
    const RunEnd end = routines_.decode_run(&run_);
    if (end != RunEnd::kDone) return damage(end);
    num_mcus -= count;
    mcu_ += count;
    mcus_to_restart_ -= count;
    run_.offsets += count * offsets_per_mcu;
  }
  return {};
}

Status ScanReader::skip(std::int64_t num_mcus) {
  std::int16_t nowhere[kGroupCoefficients];
  return run(num_mcus, skipped_blocks_.data(), kNoOffsets.data(), 0, nowhere);
}

Status ScanReader::decode(int num_mcus, std::int16_t* chunk) {
  return run(num_mcus, blocks_.data(), offsets_.data(), num_blocks_, chunk);
}

Status ScanReader::corrupt(const std::string& message, std::size_t offset) const {
  return {Fault::kCorruptImage,
          "damaged JPEG data: " + message + ", at MCU " + std::to_string(mcu_) + " of " +
              std::to_string(num_mcus_) + " (on_damage=\"fill\" keeps what can be decoded)",
          static_cast<std::int64_t>(offset)};
}

const char* ScanReader::what_ends_the_data() const {
  std::size_t at = end_offset_;
  while (at < jpeg_.size && jpeg_.data[at] == 0xFF) ++at;
  if (at >= jpeg_.size) return "the file ends within the entropy-coded data";
  if (jpeg_.data[at] == 0) return "FF FF 00 in the entropy-coded data, FF 00 or a marker wanted";
  return "a marker stands where more entropy-coded data is wanted";
}

Status ScanReader::damage(RunEnd end) const {
  if (end == RunEnd::kOutOfData) {
    return corrupt(what_ends_the_data(), end_offset_);
  }
  const std::int64_t position = std::max<std::int64_t>(0, run_.cursor.position(clean_.get()));
  const std::size_t offset =
      begin_offset_ + stuffed_size(loaded(), static_cast<std::size_t>(position / 8));
  return corrupt(end == RunEnd::kBadCode ? "these bits are no Huffman code"
                                         : "a block has more than 64 coefficients",
                 offset);
}

}  // namespace fastpass
