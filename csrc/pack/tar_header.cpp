#include "pack/tar_header.h"

#include <algorithm>
#include <cstring>

namespace fastpass {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t{1} << 62;  // sums of two never overflow

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\0')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

bool parse_number(std::string_view digits, unsigned base, std::uint64_t* value) {
  *value = 0;
  for (const char digit : digits) {
    const unsigned amount = static_cast<unsigned char>(digit) - unsigned{'0'};
    if (amount >= base || *value > kLargest / base - 1) return false;
    *value = *value * base + amount;
  }
  return true;
}

// GNU: the top bit marks a big-endian two's complement number in the rest of the field.
bool parse_base256(std::string_view field, std::uint64_t* value) {
  *value = static_cast<std::uint8_t>(field[0]) & 0x7F;
  if (*value >= 0x40) return false;  // negative
  for (const char byte : field.substr(1)) {
    if (*value >= kLargest >> 8) return false;
    *value = *value << 8 | static_cast<std::uint8_t>(byte);
  }
  return true;
}

}  // namespace

std::string_view TarHeader::field(std::size_t offset, std::size_t length) const {
  return {reinterpret_cast<const char*>(block) + offset, length};
}

bool TarHeader::is_zero() const {
  return std::all_of(std::begin(block), std::end(block),
                     [](std::uint8_t byte) { return byte == 0; });
}

bool TarHeader::is_checksum_right() const {
  std::uint64_t stored;
  if (!parse_number(trim(field(148, 8)), 8, &stored)) return false;
  std::int64_t unsigned_sum = 0, signed_sum = 0;
  for (std::size_t i = 0; i < 512; ++i) {
    const std::uint8_t byte = i >= 148 && i < 156 ? ' ' : block[i];
    unsigned_sum += byte;
    signed_sum += static_cast<std::int8_t>(byte);
  }
  const std::int64_t wanted = static_cast<std::int64_t>(stored);
  return wanted == unsigned_sum || wanted == signed_sum;
}

std::string TarHeader::path() const {
  const auto until_nul = [](std::string_view text) { return text.substr(0, text.find('\0')); };
  const std::string name(until_nul(field(0, 100)));
  // GNU headers keep times where ustar has its prefix; their magic is "ustar  ".
  const std::string_view prefix = until_nul(field(345, 155));
  if (field(257, 6) != std::string_view("ustar\0", 6) || prefix.empty()) return name;
  return std::string(prefix) + "/" + name;
}

bool TarHeader::read_size(std::uint64_t* num_bytes) const {
  const std::string_view text = field(124, 12);
  if (block[124] & 0x80) return parse_base256(text, num_bytes);
  return parse_number(trim(text), 8, num_bytes);
}

bool parse_pax(std::string_view payload, PaxRecords* records) {
  while (!payload.empty() && payload.front() != '\0') {
    const std::size_t space = payload.find(' ');
    std::uint64_t length;
    if (space == std::string_view::npos || space == 0 ||
        !parse_number(payload.substr(0, space), 10, &length) || length < space + 3 ||
        length > payload.size() || payload[length - 1] != '\n') {
      return false;
    }
    const std::string_view record = payload.substr(space + 1, length - space - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view keyword = record.substr(0, equals), value = record.substr(equals + 1);
    if (keyword == "path") {
      if (value.find('\0') != std::string_view::npos) return false;
      records->path = std::string(value);
    } else if (keyword == "size") {
      if (value.empty() || !parse_number(value, 10, &records->size)) return false;
      records->has_size = true;
    } else if (keyword.substr(0, 10) == "GNU.sparse") {
      records->is_sparse = true;
    }
    payload.remove_prefix(length);
  }
  return true;
}

}  // namespace fastpass
