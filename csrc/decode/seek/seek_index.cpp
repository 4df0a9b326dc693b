#include "decode/seek/seek_index.h"

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>

#include "common/xxhash64.h"

namespace fastpass {
namespace {

constexpr std::uint8_t kMagic[4] = {'F', 'S', 'I', 1};  // the last byte: version
constexpr std::size_t kSmallestShare = 50;  // the JPEG has at least 50 times the index's bytes
constexpr int kWidestField = 48;
constexpr int kMostEntries = INT_MAX - kSeekGroupEntries;

// The first bytes of an index: docs/format.md.
struct SeekHeader {
  std::uint8_t magic[4];
  std::uint32_t mcus_per_entry;
  std::uint64_t jpeg_bytes;
  std::uint64_t jpeg_hash;  // XXH64 of the whole file
  std::uint32_t num_entries;
  std::int16_t dc_min[4];
  std::uint8_t dc_bits[4];
  std::uint8_t base_bits;
  std::uint8_t offset_bits;
  std::uint16_t zero;
};
static_assert(offsetof(SeekHeader, zero) + 2 == kSeekHeaderBytes, "docs/format.md says 44");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the header is copied, not converted");

std::uint32_t checksum_of(const std::uint8_t* index, std::size_t num_bytes) {
  return static_cast<std::uint32_t>(xxhash64(Span{index, num_bytes}));
}

int bits_for(std::uint64_t value) {
  int bits = 0;
  for (; value != 0; value >>= 1) ++bits;
  return bits;
}

std::uint64_t index_bytes(const SeekLayout& layout) {
  const std::int64_t bits = layout.entry_position(layout.num_entries);
  return static_cast<std::uint64_t>((bits + 7) / 8 + kSeekChecksumBytes);
}

// Every `step`-th state.
struct KeptStates {
  const std::vector<SeekEntry>& states;
  std::size_t step;

  int size() const { return static_cast<int>((states.size() - 1) / step + 1); }
  const SeekEntry& operator[](int i) const { return states[static_cast<std::size_t>(i) * step]; }
  std::int64_t offset(int i) const { return static_cast<std::int64_t>((*this)[i].bit_offset); }

  // The table item behind the group of `first`: the next group's offset, or what makes the line
  // through the first and the last entry of the last group.
  std::int64_t next_base(int first) const {
    if (first + kSeekGroupEntries < size()) return offset(first + kSeekGroupEntries);
    const int last = size() - 1;
    const std::int64_t length = offset(last) - offset(first);
    return offset(first) + length * kSeekGroupEntries / std::max(1, last - first);
  }
  int first_of_last_group() const { return (size() - 1) / kSeekGroupEntries * kSeekGroupEntries; }
};

// body(i, how far entry i lies off its line).
template <typename Body>
void for_each_residual(const KeptStates& kept, Body body) {
  for (int first = 0; first < kept.size(); first += kSeekGroupEntries) {
    const std::int64_t base = kept.offset(first), next = kept.next_base(first);
    const int behind = std::min(kept.size(), first + kSeekGroupEntries);
    for (int i = first; i < behind; ++i) body(i, kept.offset(i) - seek_line(base, next, i));
  }
}

SeekLayout smallest_layout(const KeptStates& kept) {
  SeekLayout layout;
  layout.num_entries = kept.size();
  layout.base_bits =
      bits_for(static_cast<std::uint64_t>(kept.next_base(kept.first_of_last_group())));
  std::uint64_t widest = 0;
  for_each_residual(kept, [&](int, std::int64_t residual) {
    // 2 r or -2 r - 1: as many bits as r takes with its sign
    widest |= static_cast<std::uint64_t>(residual) * 2 ^ static_cast<std::uint64_t>(residual >> 63);
  });
  layout.offset_bits = bits_for(widest);
  for (std::size_t component = 0; component < 4; ++component) {
    int low = kept[0].dc[component], high = low;
    for (int i = 1; i < kept.size(); ++i) {
      low = std::min<int>(low, kept[i].dc[component]);
      high = std::max<int>(high, kept[i].dc[component]);
    }
    layout.dc_min[component] = low;
    layout.dc_bits[component] = bits_for(static_cast<std::uint64_t>(high - low));
  }
  return layout;
}

// Lowest bit first.
class BitWriter {
 public:
  explicit BitWriter(std::vector<std::uint8_t>* bytes) : bytes_(*bytes) {}

  void put(std::uint64_t value, int width) {  // at most kWidestField
    pending_ |= value << num_pending_;
    for (num_pending_ += width; num_pending_ >= 8; num_pending_ -= 8) write_byte();
  }
  void finish() {
    if (num_pending_ > 0) write_byte();
  }

 private:
  void write_byte() {
    bytes_.push_back(static_cast<std::uint8_t>(pending_));
    pending_ >>= 8;
  }

  std::vector<std::uint8_t>& bytes_;
  std::uint64_t pending_ = 0;
  int num_pending_ = 0;
};

void put_entries(const KeptStates& kept, const SeekLayout& layout,
                 std::vector<std::uint8_t>* index) {
  BitWriter writer(index);
  for (int first = 0; first < kept.size(); first += kSeekGroupEntries) {
    writer.put(kept[first].bit_offset, layout.base_bits);
  }
  const std::int64_t end_of_line = kept.next_base(kept.first_of_last_group());
  writer.put(static_cast<std::uint64_t>(end_of_line), layout.base_bits);
  for_each_residual(kept, [&](int i, std::int64_t residual) {
    const std::int64_t biased = residual + seek_bias(layout.offset_bits);
    writer.put(static_cast<std::uint64_t>(biased), layout.offset_bits);
    for (std::size_t component = 0; component < 4; ++component) {
      const int above = kept[i].dc[component] - layout.dc_min[component];
      writer.put(static_cast<std::uint64_t>(above), layout.dc_bits[component]);
    }
  });
  writer.finish();
}

SeekHeader header_of(Span jpeg, const KeptStates& kept, const SeekLayout& layout) {
  SeekHeader header = {};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.mcus_per_entry = static_cast<std::uint32_t>(kept.step);
  header.jpeg_bytes = jpeg.size;
  header.jpeg_hash = xxhash64(jpeg);
  header.num_entries = static_cast<std::uint32_t>(kept.size());
  for (int component = 0; component < 4; ++component) {
    header.dc_min[component] = static_cast<std::int16_t>(layout.dc_min[component]);
    header.dc_bits[component] = static_cast<std::uint8_t>(layout.dc_bits[component]);
  }
  header.base_bits = static_cast<std::uint8_t>(layout.base_bits);
  header.offset_bits = static_cast<std::uint8_t>(layout.offset_bits);
  return header;
}

Status bad(const std::string& reason) {
  return Status(Fault::kBadSeekIndex, "the seek index " + reason + "; build it again");
}

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

// Entries that lie further apart are about as wide, hardly an eighth narrower.
std::size_t next_step(std::size_t step, std::size_t num_bytes, std::size_t budget) {
  return std::max(step + 1, step * num_bytes * 7 / (8 * budget));
}

}  // namespace

std::vector<std::uint8_t> serialize_seek_index(Span jpeg, const std::vector<SeekEntry>& states) {
  const std::size_t budget = jpeg.size / kSmallestShare;
  for (std::size_t step = 1; step < states.size();) {
    const KeptStates kept{states, step};
    // An entry has at least one bit: most steps that are too small for a long file end here.
    if (kSeekHeaderBytes + static_cast<std::size_t>(kept.size()) / 8 > budget) {
      ++step;
      continue;
    }
    const SeekLayout layout = smallest_layout(kept);
    const std::size_t num_bytes = index_bytes(layout);
    if (num_bytes > budget) {
      step = next_step(step, num_bytes, budget);
      continue;
    }
    std::vector<std::uint8_t> index;
    index.reserve(num_bytes);
    const SeekHeader header = header_of(jpeg, kept, layout);
    const auto* header_bytes = reinterpret_cast<const std::uint8_t*>(&header);
    index.assign(header_bytes, header_bytes + kSeekHeaderBytes);
    put_entries(kept, layout, &index);
    const std::uint32_t checksum = checksum_of(index.data(), index.size());
    const auto* checksum_bytes = reinterpret_cast<const std::uint8_t*>(&checksum);
    index.insert(index.end(), checksum_bytes, checksum_bytes + kSeekChecksumBytes);
    return index;
  }
  return {};
}

// Everything about the index itself, and the length of its file.
Status SeekIndexView::read_header(Span index, Span jpeg) {
  if (index.size < kSeekHeaderBytes + kSeekChecksumBytes) {
    return bad("is cut off: " + std::to_string(index.size) + " bytes, its header alone has " +
               std::to_string(kSeekHeaderBytes));
  }
  SeekHeader header;
  std::memcpy(&header, index.data, kSeekHeaderBytes);
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) {
    return bad("is none, or of another version: it begins with other bytes");
  }
  const std::size_t checksum_at = index.size - kSeekChecksumBytes;
  std::uint32_t checksum;
  std::memcpy(&checksum, index.data + checksum_at, kSeekChecksumBytes);
  if (checksum != checksum_of(index.data, checksum_at)) {
    return bad("is damaged: wrong checksum over " + std::to_string(checksum_at) + " bytes");
  }
  bool is_possible = header.base_bits <= kWidestField && header.offset_bits <= kWidestField &&
                     header.zero == 0 && header.mcus_per_entry >= 1 &&
                     header.mcus_per_entry <= INT_MAX && header.num_entries >= 2 &&
                     header.num_entries <= kMostEntries;
  layout_.num_entries = is_possible ? static_cast<int>(header.num_entries) : 0;
  layout_.base_bits = header.base_bits;
  layout_.offset_bits = header.offset_bits;
  for (int component = 0; component < 4; ++component) {
    is_possible = is_possible && header.dc_bits[component] <= 16;
    layout_.dc_bits[component] = header.dc_bits[component];
    layout_.dc_min[component] = header.dc_min[component];
  }
  if (!is_possible) return bad("is damaged: impossible header");
  const std::uint64_t wanted_bytes = index_bytes(layout_);
  if (index.size != wanted_bytes) {
    return bad("is damaged: " + std::to_string(index.size) + " bytes, wanted " +
               std::to_string(wanted_bytes) + " for " + std::to_string(header.num_entries) +
               " entries");
  }
  if (header.jpeg_bytes != jpeg.size) {
    return bad("belongs to another file: one of " + std::to_string(header.jpeg_bytes) +
               " bytes, this JPEG has " + std::to_string(jpeg.size));
  }
  index_ = index;
  mcus_per_entry_ = static_cast<int>(header.mcus_per_entry);
  return Status();
}

// As seek_bit_offset() for every entry, but reading each table item once.
Status SeekIndexView::check_offsets(std::size_t jpeg_bytes) const {
  const std::int64_t end = static_cast<std::int64_t>(jpeg_bytes) * 8;
  const std::int64_t bias = seek_bias(layout_.offset_bits);
  const int entry_bits = layout_.entry_bits();
  std::int64_t previous = 0, position = layout_.entry_position(0);
  std::int64_t next = seek_bits(index_.data, layout_.base_position(0), layout_.base_bits);
  for (int first = 0; first < num_entries(); first += kSeekGroupEntries) {
    const std::int64_t base = next;
    const int group = first / kSeekGroupEntries;
    next = seek_bits(index_.data, layout_.base_position(group + 1), layout_.base_bits);
    const int behind = std::min(num_entries(), first + kSeekGroupEntries);
    for (int i = first; i < behind; ++i, position += entry_bits) {
      const std::int64_t offset =
          seek_line(base, next, i) - bias + seek_bits(index_.data, position, layout_.offset_bits);
      if (offset <= previous || offset >= end) {
        return bad("is damaged: entry " + std::to_string(i) + " lies at bit " +
                   std::to_string(offset) + ", wanted one behind " + std::to_string(previous) +
                   " and before " + std::to_string(end));
      }
      previous = offset;
    }
  }
  return Status();
}

Status SeekIndexView::check_hash(Span jpeg) const {
  SeekHeader header;
  std::memcpy(&header, index_.data, kSeekHeaderBytes);
  const std::uint64_t hash = xxhash64(jpeg);
  if (hash == header.jpeg_hash) return Status();
  return bad("belongs to another file, or this one has changed: XXH64 " + hex(header.jpeg_hash) +
             ", this JPEG has " + hex(hash));
}

Status SeekIndexView::parse(Span index, Span jpeg, int num_mcus, bool verify) {
  FASTPASS_RETURN_IF_ERROR(read_header(index, jpeg));
  const std::int64_t wanted = (std::int64_t{num_mcus} + mcus_per_entry_ - 1) / mcus_per_entry_;
  if (num_entries() != wanted) {
    return bad("belongs to another file: " + std::to_string(num_entries()) + " entries, wanted " +
               std::to_string(wanted) + " for " + std::to_string(num_mcus) + " MCUs");
  }
  FASTPASS_RETURN_IF_ERROR(check_offsets(jpeg.size));
  return verify ? check_hash(jpeg) : Status();
}

Status verify_seek_index(Span index, Span jpeg) {
  SeekIndexView view;
  FASTPASS_RETURN_IF_ERROR(view.read_header(index, jpeg));
  FASTPASS_RETURN_IF_ERROR(view.check_offsets(jpeg.size));
  return view.check_hash(jpeg);
}

}  // namespace fastpass
