// The states before every MCU of a JPEG, found the obvious way: one bit at a time, after the
// flow charts of ITU-T T.81 (annex C: tables, annex F.2: decoding, annex B: markers).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/view.h"
#include "decode/decoder.h"
#include "decode/seek/seek_index.h"

namespace fastpass {
namespace slow_scan {

constexpr int kNone = -1;  // no byte, no bit, no symbol: the file ends or is damaged

struct HuffmanTable {
  bool is_sound = false;
  std::array<int, 17> first_code{}, past_code{}, first_value{};  // [length]
  std::vector<int> values;
};

struct Component {
  int id = 0, h = 0, v = 0;
};

struct Header {
  int width = 0, height = 0, restart_interval = 0;
  std::vector<Component> components;     // of the frame
  std::vector<std::array<int, 3>> scan;  // index in the frame, DC table, AC table
  std::array<HuffmanTable, 8> tables;    // DC 0..3, AC 0..3
  std::size_t data_offset = 0;
};

class Bytes {
 public:
  explicit Bytes(Span jpeg, std::size_t at = 0) : jpeg_(jpeg), at_(at) {}

  int next() { return at_ < jpeg_.size ? jpeg_.data[at_++] : kNone; }
  int next_u16() {
    const int high = next(), low = next();
    return high == kNone || low == kNone ? kNone : high << 8 | low;
  }
  // Behind whatever stands before it; FF 00 and fill bytes are no markers.
  int next_marker() {
    for (int byte = next(); byte != kNone; byte = next()) {
      if (byte != 0xFF) continue;
      while (byte == 0xFF) byte = next();
      if (byte != 0) return byte;
    }
    return kNone;
  }
  std::size_t at() const { return at_; }
  void skip_to(std::size_t at) { at_ = at; }
  std::size_t size() const { return jpeg_.size; }

 private:
  Span jpeg_;
  std::size_t at_;
};

inline bool read_huffman_table(Bytes* bytes, Header* header) {
  const int which = bytes->next();
  if (which < 0 || which >> 4 > 1 || (which & 15) > 3) return false;
  HuffmanTable table;
  table.is_sound = true;
  int code = 0, num_values = 0;
  for (int length = 1; length <= 16; ++length, code <<= 1) {
    const int count = bytes->next();
    if (count == kNone) return false;
    table.first_value[static_cast<std::size_t>(length)] = num_values;
    table.first_code[static_cast<std::size_t>(length)] = code;
    table.past_code[static_cast<std::size_t>(length)] = code += count;
    num_values += count;
    // The code of all ones is not allowed.
    if (count > 0 && code >= 1 << length) table.is_sound = false;
  }
  for (int i = 0; i < num_values; ++i) {
    table.values.push_back(bytes->next());
    if (table.values.back() == kNone || num_values > 256) return false;
    if (which >> 4 == 0 && table.values.back() > 15) table.is_sound = false;
  }
  header->tables[static_cast<std::size_t>(which >> 4 << 2 | (which & 15))] = table;
  return true;
}

inline bool read_frame(Bytes* bytes, Header* header) {
  if (bytes->next() != 8 || !header->components.empty()) return false;
  header->height = bytes->next_u16();
  header->width = bytes->next_u16();
  const int num_components = bytes->next();
  if (header->height < 1 || header->width < 1) return false;
  if (std::int64_t{header->height} * header->width > kDefaultMaxPixels) return false;
  if (num_components < 1 || num_components > 4) return false;
  for (int i = 0; i < num_components; ++i) {
    Component component;
    component.id = bytes->next();
    const int sampling = bytes->next();
    component.h = sampling >> 4;
    component.v = sampling & 15;
    if (component.h < 1 || component.h > 4 || component.v < 1 || component.v > 4) return false;
    if (bytes->next() == kNone) return false;
    header->components.push_back(component);
  }
  return true;
}

inline bool read_scan(Bytes* bytes, Header* header) {
  const int num_components = bytes->next();
  if (header->components.empty() || num_components != static_cast<int>(header->components.size())) {
    return false;  // one scan of several
  }
  for (int i = 0; i < num_components; ++i) {
    const int id = bytes->next(), tables = bytes->next();
    int index = 0;
    while (index < num_components && header->components[static_cast<std::size_t>(index)].id != id) {
      ++index;
    }
    if (index == num_components || tables < 0 || tables >> 4 > 3 || (tables & 15) > 3) return false;
    for (const auto& earlier : header->scan) {
      if (earlier[0] == index) return false;
    }
    const int dc = tables >> 4, ac = 4 + (tables & 15);
    if (!header->tables[static_cast<std::size_t>(dc)].is_sound) return false;
    if (!header->tables[static_cast<std::size_t>(ac)].is_sound) return false;
    header->scan.push_back({index, dc, ac});
  }
  return true;
}

// One marker segment; `is_done` behind an SOS.
inline bool read_segment(int marker, Bytes* bytes, Header* header, bool* is_done) {
  const std::size_t begin = bytes->at();
  const int length = bytes->next_u16();
  if (length < 2 || begin + static_cast<std::size_t>(length) > bytes->size()) return false;
  const std::size_t end = begin + static_cast<std::size_t>(length);
  bool is_sound = true;
  if (marker == 0xC4) {
    while (is_sound && bytes->at() < end) is_sound = read_huffman_table(bytes, header);
  } else if (marker == 0xC0 || marker == 0xC1) {
    is_sound = read_frame(bytes, header);
  } else if (marker >= 0xC2 && marker <= 0xCF && marker != 0xC8) {
    is_sound = false;  // progressive, lossless, arithmetic
  } else if (marker == 0xDD) {
    header->restart_interval = bytes->next_u16();
    is_sound = header->restart_interval >= 0;
  } else if (marker == 0xDA) {
    is_sound = read_scan(bytes, header);
    *is_done = true;
  }
  if (bytes->at() > end) return false;
  bytes->skip_to(end);
  return is_sound;
}

inline bool read_header(Span jpeg, Header* header) {
  Bytes bytes(jpeg);
  if (bytes.next() != 0xFF || bytes.next() != 0xD8) return false;
  bool is_done = false;
  while (!is_done) {
    const int marker = bytes.next_marker();
    if (marker == kNone || marker == 0xD8 || marker == 0xD9) return false;
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) continue;
    if (!read_segment(marker, &bytes, header, &is_done)) return false;
  }
  header->data_offset = bytes.at();
  return true;
}

// The bits of the entropy-coded data, without stuffed zeros; ends at any marker.
class Bits {
 public:
  Bits(Span jpeg, std::size_t at) : jpeg_(jpeg), at_(at) {}

  std::uint64_t offset() const {
    return num_left_ > 0 ? std::uint64_t{8} * byte_at_ + static_cast<unsigned>(8 - num_left_)
                         : std::uint64_t{8} * at_;
  }
  int next() {
    if (num_left_ == 0 && !load()) return kNone;
    --num_left_;
    return byte_ >> num_left_ & 1;
  }
  int next(int count) {
    int value = 0;
    for (; count > 0; --count) {
      const int bit = next();
      if (bit == kNone) return kNone;
      value = value << 1 | bit;
    }
    return value;
  }
  // Over the padding of an interval and its marker.
  bool pass_restart_marker(int number) {
    Bytes bytes(jpeg_, at_);
    if (bytes.next_marker() != 0xD0 + number) return false;
    at_ = bytes.at();
    num_left_ = 0;
    return true;
  }

 private:
  bool load() {
    std::size_t at = at_;
    if (at >= jpeg_.size) return false;
    byte_ = jpeg_.data[at++];
    if (byte_ == 0xFF) {
      while (at < jpeg_.size && jpeg_.data[at] == 0xFF) ++at;  // fill bytes
      if (at >= jpeg_.size || jpeg_.data[at++] != 0) return false;
    }
    byte_at_ = at_;
    at_ = at;
    num_left_ = 8;
    return true;
  }

  Span jpeg_;
  std::size_t at_, byte_at_ = 0;
  int byte_ = 0, num_left_ = 0;
};

inline int decode_symbol(const HuffmanTable& table, Bits* bits) {
  int code = 0;
  for (std::size_t length = 1; length <= 16; ++length) {
    const int bit = bits->next();
    if (bit == kNone) return kNone;
    code = code << 1 | bit;
    if (code < table.past_code[length]) {
      const int value = table.first_value[length] + code - table.first_code[length];
      return table.values[static_cast<std::size_t>(value)];
    }
  }
  return kNone;
}

// EXTEND of T.81, figure F.12.
inline int extend(int value, int num_bits) {
  return num_bits > 0 && value < 1 << (num_bits - 1) ? value - (1 << num_bits) + 1 : value;
}

inline bool decode_block(const HuffmanTable& dc_table, const HuffmanTable& ac_table, Bits* bits,
                         std::int16_t* predictor) {
  const int dc_bits = decode_symbol(dc_table, bits);
  const int difference = dc_bits == kNone ? kNone : bits->next(dc_bits);
  if (dc_bits == kNone || (dc_bits > 0 && difference == kNone)) return false;
  const int dc = *predictor + extend(difference, dc_bits);
  *predictor = static_cast<std::int16_t>(dc);
  if (dc != *predictor) return false;
  for (int position = 1; position < 64; ++position) {
    const int symbol = decode_symbol(ac_table, bits);
    if (symbol == kNone) return false;
    const int run = symbol >> 4, num_bits = symbol & 15;
    if (num_bits == 0 && run != 15) break;
    position += run;  // one that leaves the block ends it, as in libjpeg
    if (bits->next(num_bits) == kNone) return false;
  }
  return true;
}

struct McuPlan {
  std::vector<std::array<int, 3>> blocks;  // as in Header::scan, in the order of the data
  std::int64_t num_mcus = 0;
};

inline std::int64_t ceil_div(int value, int divisor) { return (value + divisor - 1) / divisor; }

inline McuPlan plan_mcus(const Header& header) {
  McuPlan plan;
  if (header.components.size() == 1) {  // not interleaved: sampling factors do not count
    plan.blocks.push_back(header.scan[0]);
    plan.num_mcus = ceil_div(header.width, 8) * ceil_div(header.height, 8);
    return plan;
  }
  int max_h = 1, max_v = 1;
  for (const Component& component : header.components) {
    max_h = component.h > max_h ? component.h : max_h;
    max_v = component.v > max_v ? component.v : max_v;
  }
  for (const auto& part : header.scan) {
    const Component& component = header.components[static_cast<std::size_t>(part[0])];
    plan.blocks.insert(plan.blocks.end(), static_cast<std::size_t>(component.h * component.v),
                       part);
  }
  plan.num_mcus = ceil_div(header.width, 8 * max_h) * ceil_div(header.height, 8 * max_v);
  return plan;
}

}  // namespace slow_scan

// false where the file gets no seek index.
inline bool slow_seek_scan(Span jpeg, std::vector<SeekEntry>* states) {
  using namespace slow_scan;
  Header header;
  if (!read_header(jpeg, &header)) return false;
  const McuPlan plan = plan_mcus(header);
  // A block takes two bits at least: a header that promises more needs no memory.
  const std::uint64_t fewest_bits = 2 * plan.blocks.size() * std::uint64_t(plan.num_mcus);
  if (plan.blocks.size() > 10 || fewest_bits > std::uint64_t{8} * jpeg.size) return false;
  states->clear();
  states->reserve(static_cast<std::size_t>(plan.num_mcus));
  Bits bits(jpeg, header.data_offset);
  SeekEntry state;
  for (std::int64_t mcu = 0; mcu < plan.num_mcus; ++mcu) {
    const int interval = header.restart_interval;
    if (interval > 0 && mcu > 0 && mcu % interval == 0) {
      if (!bits.pass_restart_marker(static_cast<int>((mcu / interval - 1) % 8))) return false;
      state.dc = {};
    }
    state.bit_offset = bits.offset();
    states->push_back(state);
    for (const auto& block : plan.blocks) {
      if (!decode_block(header.tables[static_cast<std::size_t>(block[1])],
                        header.tables[static_cast<std::size_t>(block[2])], &bits,
                        &state.dc[static_cast<std::size_t>(block[0])])) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace fastpass
